/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot.h Inner loops of the reference kernels: int8 dot products into int32.
 *
 * No overflow while |start| + 128 * sum(|weights|) < 2^31, which the generator proves.
 */
#ifndef SAFE_KERNEL_DOT_H
#define SAFE_KERNEL_DOT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Rows that safe_dot4_s8 handles at a time. */
#define SAFE_DOT_ROWS 4

/** sum[0] += values . weights, over `length` elements. */
static inline void safe_dot1_s8(const int8_t *values, const int8_t *weights, int32_t length,
                                int32_t *sum)
{
    int32_t total = *sum;
    for (int32_t k = 0; k < length; k++) {
        total += (int32_t)values[k] * weights[k];
    }
    *sum = total;
}

/** sum[r] += values . weights[r], for four rows that lie `row_step` bytes apart: each value is
 * loaded once for the four. */
static inline void safe_dot4_s8(const int8_t *values, const int8_t *weights, int32_t row_step,
                                int32_t length, int32_t sum[SAFE_DOT_ROWS])
{
    const int8_t *w0 = weights;
    const int8_t *w1 = w0 + row_step;
    const int8_t *w2 = w1 + row_step;
    const int8_t *w3 = w2 + row_step;
    int32_t s0 = sum[0];
    int32_t s1 = sum[1];
    int32_t s2 = sum[2];
    int32_t s3 = sum[3];
    for (int32_t k = 0; k < length; k++) {
        const int32_t value = values[k];
        s0 += value * w0[k];
        s1 += value * w1[k];
        s2 += value * w2[k];
        s3 += value * w3[k];
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
}

#ifdef __cplusplus
}
#endif

#endif
