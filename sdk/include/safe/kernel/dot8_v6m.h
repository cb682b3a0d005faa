/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot8_v6m.h Eight int8 dot products with the same values, for Armv6-M: four of them in
 * three multiplications. */
#ifndef SAFE_KERNEL_DOT8_V6M_H
#define SAFE_KERNEL_DOT8_V6M_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Dot products of one tile. */
#define SAFE_DOT8_V6M_ROWS 8
/** Words that tell what the sums of a tile start from. */
#define SAFE_DOT8_V6M_START 6
/** Words of a vector before its values. */
#define SAFE_DOT8_V6M_HEADER 3

/**
 * sums[r] = start[r] + sum_k values[k] * weights[k][r]; returns the weights behind the tile.
 *
 * A word w holds the weights of four rows 0 to 3, each plus 128, as its bytes. Three sums of
 * products with a value x are kept, modulo 2^32:
 *
 *     whole  of w * x                             = P + 2^8 Q,  P = s0 + 2^16 s2
 *     turned of w * x with both halves' bytes swapped = Q + 2^8 P,  Q = s1 + 2^16 s3
 *     upper  of (w >> 16) * x                     = s2 + 2^8 s3
 *
 * where s0 to s3 are the rows' sums, as what the 128 add, a multiple of the sum of the values, is
 * what the sums of a vector start from (safe_v6m_widen). Then
 *
 *     Q = (turned - 2^8 whole) (1 + 2^16),  P = whole - 2^8 Q        modulo 2^32.
 *
 * The lower halves of P and Q are those of s0 and s1; what these have beyond their lower halves,
 * 2^16 c0 and 2^16 c1, is missing in the upper halves: h2 = s2 + c0 and h3 = s3 + c1 modulo 2^16.
 * So s2 = h2 - c0 + 2^16 d2 and s3 alike, and
 *
 *     h2 + 2^8 h3 - upper = c0 + 2^8 c1 - 2^16 d2 - 2^24 d3          modulo 2^32,
 *
 * which falls into its four signed bytes. That is exact while each of the four fits int8: while
 * |s| <= 2^23 - 2^16 for every row. `codegen/backends/native/v6m/packing.py` cuts longer rows into
 * vectors for which that holds.
 *
 * @param weights [length][2] words: rows 0 to 3, and 4 to 7.
 * @param values A vector as safe_v6m_widen writes it.
 * @param start First values of whole and turned of both words, then of upper of both.
 * @param sums [8]
 */
const uint32_t *safe_v6m_dot8(const uint32_t *weights, const int32_t *values, const uint32_t *start,
                              int32_t *sums);

/**
 * Writes `length` values as vectors of `vector` values, an even number; the last one is filled with
 * zeros.
 *
 * @param words For each vector SAFE_DOT8_V6M_HEADER words (bytes of its values, and what the 128 of
 * each weight add to the sums of safe_v6m_dot8, negated), then the values.
 */
void safe_v6m_widen(const int8_t *values, int32_t length, int32_t vector, int32_t *words);

#ifdef __cplusplus
}
#endif

#endif
