/* SPDX-License-Identifier: Apache-2.0 */
/** @file mul.h Product of two quantized tensors with broadcasting. */
#ifndef SAFE_KERNEL_MUL_H
#define SAFE_KERNEL_MUL_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What one element needs. */
typedef struct safe_mul_element {
    int32_t zero_point1;
    int32_t zero_point2;
    int32_t multiplier; /**< Multiplier of the product; see safe_requantize. */
    int32_t shift;
    int32_t zero_point;
    int32_t low; /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_mul_element_t;

/** Constants of one call. */
typedef struct safe_mul_params {
    safe_broadcast_t walk;
    safe_mul_element_t element;
} safe_mul_params_t;

/**
 * output = clamp(requantize((input1 - zero_point1) * (input2 - zero_point2)) + zero_point).
 *
 * The generator proves that the product, shifted left where `shift` says so, fits into int32.
 * @param input1, input2 Walked as `walk` says. @param output [rows][length]; may be an input that
 * does not repeat. Source of the arithmetic: TFLM reference_integer_ops::Mul, double rounding.
 */
void safe_kernel_mul_s8(const safe_mul_params_t *params, const int8_t *input1, const int8_t *input2,
                        int8_t *output);

/** Does what safe_kernel_mul_s8 does, for int16 with zero points 0. */
void safe_kernel_mul_s16(const safe_mul_params_t *params, const int16_t *input1,
                         const int16_t *input2, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
