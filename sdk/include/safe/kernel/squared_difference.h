/* SPDX-License-Identifier: Apache-2.0 */
/** @file squared_difference.h Square of the difference of two quantized tensors. */
#ifndef SAFE_KERNEL_SQUARED_DIFFERENCE_H
#define SAFE_KERNEL_SQUARED_DIFFERENCE_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What one element needs. */
typedef struct safe_squared_difference_element {
    int32_t zero_point1;
    int32_t zero_point2;
    int32_t factor;      /**< Steps of one LSB before the scales: 128 for int8, 1 for int16. */
    int32_t multiplier1; /**< At most one half; see safe_requantize. */
    int32_t shift1;      /**< At most 0. */
    int32_t multiplier2;
    int32_t shift2;
    int32_t multiplier; /**< Multiplier of the square. */
    int32_t shift;
    int32_t zero_point;
    int32_t low; /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_squared_difference_element_t;

/** Constants of one call. */
typedef struct safe_squared_difference_params {
    safe_broadcast_t walk;
    safe_squared_difference_element_t element;
} safe_squared_difference_params_t;

/**
 * output = clamp(requantize((side1 - side2)^2) + zero_point), element by element, where
 * side = requantize((input - zero point) * factor).
 *
 * A side is at most half of its input's span, 255 * 128 (int16: 32768), so the square is at most
 * 2^30; the generator proves that it fits after a left shift, too.
 * @param input1, input2 Walked as `walk` says. @param output [rows][length]; may be an input that
 * does not repeat. Source of the arithmetic: TFLM's squared_difference, double rounding.
 */
void safe_kernel_squared_difference_s8(const safe_squared_difference_params_t *params,
                                       const int8_t *input1, const int8_t *input2, int8_t *output);

/** Does what safe_kernel_squared_difference_s8 does, for int16 with zero points 0. */
void safe_kernel_squared_difference_s16(const safe_squared_difference_params_t *params,
                                        const int16_t *input1, const int16_t *input2,
                                        int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
