/* SPDX-License-Identifier: Apache-2.0 */
/** @file div.h Quotient of two quantized tensors with broadcasting. */
#ifndef SAFE_KERNEL_DIV_H
#define SAFE_KERNEL_DIV_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What one element needs. */
typedef struct safe_div_element {
    int32_t zero_point1;
    int32_t zero_point2;
    int32_t multiplier; /**< Multiplier of the quotient. */
    int32_t shift;      /**< At most 23: what is left is shifted right. */
    int32_t zero_point;
    int32_t low; /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_div_element_t;

/** Constants of one call. */
typedef struct safe_div_params {
    safe_broadcast_t walk;
    safe_div_element_t element;
} safe_div_params_t;

/**
 * output = clamp(requantize((input1 - zero_point1) / (input2 - zero_point2)) + zero_point).
 *
 * @param input1, input2 Walked as `walk` says. @param reciprocals [256] 1 / n in Q0.31 of the
 * magnitude n, scaled to [1/2, 1); that of 0 is that of 1. @param output [rows][length]; may be an
 * input that does not repeat. Source of the arithmetic: TFLM reference_ops::DivElementwise.
 */
void safe_kernel_div_s8(const safe_div_params_t *params, const int8_t *input1, const int8_t *input2,
                        const int32_t *reciprocals, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
