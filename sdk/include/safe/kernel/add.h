/* SPDX-License-Identifier: Apache-2.0 */
/** @file add.h Sum and difference of two quantized tensors with broadcasting. */
#ifndef SAFE_KERNEL_ADD_H
#define SAFE_KERNEL_ADD_H

#include <stdint.h>

#include "safe/kernel/add_element.h"
#include "safe/kernel/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

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

/** Does what safe_kernel_add_s8 does, for int16 with zero points 0. */
void safe_kernel_add_s16(const safe_add_params_t *params, const int16_t *input1,
                         const int16_t *input2, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
