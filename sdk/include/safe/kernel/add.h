/* SPDX-License-Identifier: Apache-2.0 */
/** @file add.h Sum and difference of two quantized tensors with broadcasting. */
#ifndef SAFE_KERNEL_ADD_H
#define SAFE_KERNEL_ADD_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

/** One input: (value - zero_point) * 2^left_shift * multiplier * 2^(shift - 31), rounded twice. */
typedef struct safe_add_side {
    int32_t zero_point;
    int32_t multiplier; /**< 0 or in [2^30, 2^31). */
    int32_t shift;      /**< In [-31, 0]. */
} safe_add_side_t;

/** Constants of one call. */
typedef struct safe_add_params {
    safe_broadcast_t walk;
    int32_t left_shift; /**< 20 for int8, 15 for int16. */
    int32_t sign;       /**< 1: input1 + input2; -1: input1 - input2. */
    safe_add_side_t input1;
    safe_add_side_t input2;
    int32_t output_multiplier; /**< Of the sum; see safe_requantize. */
    int32_t output_shift;      /**< In [-31, 0]. */
    int32_t output_zero_point;
    int32_t output_min; /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_add_params_t;

/**
 * output = clamp(requantize(side1 + sign * side2) + output_zero_point), element by element.
 *
 * Scales are at most one half (the larger input scale is), so |side| < 2^28 and the sum fits.
 * @param input1, input2 Walked as `walk` says. @param output [rows][length]; may be an input that
 * does not repeat. Source of the arithmetic: TFLM reference_integer_ops::Add and
 * reference_ops::Sub, double rounding.
 */
void safe_kernel_add_s8(const safe_add_params_t *params, const int8_t *input1, const int8_t *input2,
                        int8_t *output);

/** As safe_kernel_add_s8 for int16 with zero points 0: |side| <= 2^29, so the sum fits. */
void safe_kernel_add_s16(const safe_add_params_t *params, const int16_t *input1,
                         const int16_t *input2, int16_t *output);

#endif
