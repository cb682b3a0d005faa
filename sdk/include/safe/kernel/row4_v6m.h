/* SPDX-License-Identifier: Apache-2.0 */
/** @file row4_v6m.h One row of weights at four positions, for Armv6-M: two products in one
 * multiplication. */
#ifndef SAFE_KERNEL_ROW4_V6M_H
#define SAFE_KERNEL_ROW4_V6M_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Positions. */
#define SAFE_ROW4_V6M_POSITIONS 4
/** Most weights of a chunk. */
#define SAFE_ROW4_V6M_MOST 16
/** First byte of a chunk of n weights: (SAFE_ROW4_V6M_MOST - n) * SAFE_ROW4_V6M_STEP, the
 * halfwords of code that are jumped over. */
#define SAFE_ROW4_V6M_STEP 7
/** Byte behind the last chunk of a row. */
#define SAFE_ROW4_V6M_END 125

/**
 * sums[p] = start + sum_k values[p][k] * weights[k].
 *
 * @param stream The weights of a row by chunks, each behind its length, see above. @param columns
 * For each k two words: values[0] + 2^16 values[1] and values[2] + 2^16 values[3]. One
 * multiplication with a weight makes two products, modulo 2^32; at the end of a chunk the halves
 * of the sums are taken apart. That is exact while the lower one fits int16: 128 * sum |weight| of
 * a chunk < 2^15, which `codegen/backends/native/v6m/conv_2d.py` sees to when it cuts the chunks.
 * @return The stream behind the row.
 */
const int8_t *safe_v6m_row4(const int8_t *stream, const uint32_t *columns, int32_t start,
                            int32_t *sums);

#ifdef __cplusplus
}
#endif

#endif
