/* SPDX-License-Identifier: Apache-2.0 */
/** @file sum_s16.h Dot products of int16 values with int8 weights, and their rescaling. */
#ifndef SAFE_KERNEL_SUM_S16_H
#define SAFE_KERNEL_SUM_S16_H

#include <stdint.h>

#include "safe/fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @return values . weights over `length` elements; the generator proves |sum| < 2^47. */
static inline int64_t safe_dot_s16(const int16_t *values, const int8_t *weights, int32_t length)
{
    int64_t total = 0;
    for (int32_t k = 0; k < length; k++) {
        total += (int32_t)values[k] * weights[k];
    }
    return total;
}

/**
 * Rescales a sum.
 *
 * @param wide 1: value * multiplier * 2^(shift - 15), rounded once, multiplier in [0, 2^15),
 * shift in [-31, 7]; 0: safe_requantize of a value that fits into int32.
 * Source of the arithmetic: TFLM MultiplyByQuantizedMultiplier for int64 and int32.
 */
static inline int32_t safe_rescale_sum(int64_t value, int32_t multiplier, int32_t shift,
                                       int32_t wide)
{
    if (wide == 0) {
        return safe_requantize((int32_t)value, multiplier, shift);
    }
    const int32_t right = 15 - shift;
    return (int32_t)((value * multiplier + ((int64_t)1 << (right - 1))) >> right);
}

#ifdef __cplusplus
}
#endif

#endif
