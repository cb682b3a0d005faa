/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot8_rv32.h Eight int8 dot products with the same values, for RV32IM: a value is loaded
 * once for eight products, and the eight sums stay in registers. */
#ifndef SAFE_KERNEL_DOT8_RV32_H
#define SAFE_KERNEL_DOT8_RV32_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Dot products of one tile. */
#define SAFE_DOT8_RV32_ROWS 8

/**
 * sums[r] = start[r] + sum_k values[k] * weights[k][r].
 *
 * @param weights [length][8]: a tile. @param values [length] @param start, sums 8 words each,
 * which may be the same.
 * @return The first weight after the tile.
 * No sum may leave 32 bits on the way; |weights * values| < 2^14 and length < 2^16 suffice.
 */
const int8_t *safe_rv32_dot8(const int8_t *weights, const int8_t *values, int32_t length,
                             const int32_t *start, int32_t *sums);

#ifdef __cplusplus
}
#endif

#endif
