/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot8_v6m.h Eight int8 dot products with the same values, for Armv6-M: two products in one
 * multiplication. */
#ifndef SAFE_KERNEL_DOT8_V6M_H
#define SAFE_KERNEL_DOT8_V6M_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Dot products of one tile. */
#define SAFE_DOT8_V6M_ROWS 8

/** Place of the next tile. */
typedef struct safe_dot8_v6m {
    const uint32_t *weights; /**< [length][2]: see below. */
    const uint8_t *counts;   /**< Lengths of the tile's chunks, even, then 0. */
} safe_dot8_v6m_t;

/**
 * sums[r] += sum_k values[k] * weights[k][r]; moves `tiles` behind the tile.
 *
 * A word holds the weights of four rows, each plus 128, as its bytes. Its bytes 1 and 3, shifted
 * and masked, are two numbers 16 bits apart, so that one multiplication with a value makes two
 * products; what the whole word times the value has more than 256 times that are the products of
 * bytes 0 and 2. All of it is modulo 2^32, where nothing is lost; only at the end of a chunk both
 * halves of a word are taken apart. That is exact while the lower one fits int16:
 * 128 * sum |weight| of a row over a chunk < 2^15, so sum |weight| <= 255, which
 * `codegen/backends/native/v6m/packing.py` sees to when it cuts the chunks.
 *
 * @param values [length], int8 numbers as words. @param sums 8 words: what the sums start from.
 */
void safe_v6m_dot8(safe_dot8_v6m_t *tiles, const int32_t *values, int32_t *sums);

/** Writes `length` values as words, and a 0 behind an odd number of them, which no weight counts.
 * @param words [length rounded up to an even number] */
void safe_v6m_widen(const int8_t *values, int32_t length, int32_t *words);

#ifdef __cplusplus
}
#endif

#endif
