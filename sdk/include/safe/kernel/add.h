/* SPDX-License-Identifier: Apache-2.0 */
/** @file add.h Sum and difference of two quantized tensors with broadcasting. */
#ifndef SAFE_KERNEL_ADD_H
#define SAFE_KERNEL_ADD_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

/** What one element needs. The inputs are on a common scale of twice the larger input scale.
 *
 * Doubled values are carried, so that the high word of a 64-bit product is the rounding doubling
 * high multiply of gemmlowp.
 */
typedef struct safe_add_element {
    int32_t factor1;     /**< Of input1, whose scale is the larger: +-2^20, int16: +-2^15. */
    int32_t bias;        /**< -zero_point1 * factor1. */
    int32_t factor2;     /**< Of input2 before its multiplier: 2^21, int16: 2^16. */
    int32_t start2;      /**< -zero_point2 * factor2. */
    int32_t multiplier2; /**< 0 or in [2^30, 2^31). */
    int32_t shift2;      /**< Right shift behind it, in [1, 31]. */
    int32_t sign2;       /**< 2 (4 where equal scales need no shift), negative to subtract. */
    int32_t multiplier;  /**< Of the sum: 0 or in [2^30, 2^31). */
    int32_t shift;       /**< Right shift behind it, in [1, 31]. */
    int32_t zero_point;
    int32_t low; /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_add_element_t;

/** Constants of one call. */
typedef struct safe_add_params {
    safe_broadcast_t walk;
    safe_add_element_t element;
} safe_add_params_t;

/**
 * output = clamp(requantize(side1 + side2) + zero_point), element by element.
 *
 * The generator puts the input with the larger scale first: its side is exact, and both are below
 * 2^28 (int16: 2^30), so that the doubled sum fits.
 * @param input1, input2 Walked as `walk` says. @param output [rows][length]; may be an input that
 * does not repeat. Source of the arithmetic: TFLM reference_integer_ops::Add and
 * reference_ops::Sub, double rounding.
 */
void safe_kernel_add_s8(const safe_add_params_t *params, const int8_t *input1, const int8_t *input2,
                        int8_t *output);

/** As safe_kernel_add_s8 for int16 with zero points 0. */
void safe_kernel_add_s16(const safe_add_params_t *params, const int16_t *input1,
                         const int16_t *input2, int16_t *output);

#endif
