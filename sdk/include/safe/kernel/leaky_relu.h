/* SPDX-License-Identifier: Apache-2.0 */
/** @file leaky_relu.h Rectifier with one slope below 0, int16. */
#ifndef SAFE_KERNEL_LEAKY_RELU_H
#define SAFE_KERNEL_LEAKY_RELU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_leaky_relu_params {
    int32_t length;
    int32_t input_zero_point;
    int32_t multiplier_above; /**< Factor of values from 0 on; see safe_requantize. */
    int32_t shift_above;
    int32_t multiplier_below; /**< Magnitude of the factor of values below 0. */
    int32_t shift_below;
    int32_t sign_below; /**< Sign of that factor, 1 or -1. */
    int32_t output_zero_point;
} safe_leaky_relu_params_t;

/**
 * output[i] = saturate(requantize(input[i] - zero point) + output zero point), by the factor of its
 * side of 0. The int8 form is a table of 256 results.
 *
 * The generator proves that a value, shifted left where a shift says so, fits into int32.
 * @param input [length]. @param output [length], may be the input.
 * Source of the arithmetic: TFLM reference_ops::QuantizeLeakyRelu, double rounding.
 */
void safe_kernel_leaky_relu_s16(const safe_leaky_relu_params_t *params, const int16_t *input,
                                int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
