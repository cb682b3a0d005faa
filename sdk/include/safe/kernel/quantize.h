/* SPDX-License-Identifier: Apache-2.0 */
/** @file quantize.h To int8: from float32, or from int8 with another scale. */
#ifndef SAFE_KERNEL_QUANTIZE_H
#define SAFE_KERNEL_QUANTIZE_H

#include <stdint.h>

/** Constants of one call of safe_kernel_quantize_f32_s8. */
typedef struct safe_quantize_params {
    int32_t length;
    float scale;        /**< Finite, positive. */
    int32_t zero_point; /**< [-128, 127] */
} safe_quantize_params_t;

/** Constants of one call of safe_kernel_requantize_s8. */
typedef struct safe_requantize_params {
    int32_t length;
    int32_t input_zero_point; /**< [-128, 127] */
    int32_t multiplier;       /**< See safe_requantize. */
    int32_t shift;
    int32_t output_zero_point; /**< [-128, 127] */
} safe_requantize_params_t;

/**
 * output[i] = saturate(round(input[i] / scale) + zero_point), halves away from zero.
 *
 * Single precision, one division per element; anything beyond int8 saturates, NaN gives -128.
 * @param input [length]. @param output [length], may start where the input starts.
 * Source of the arithmetic: TFLM reference_ops::AffineQuantize.
 */
void safe_kernel_quantize_f32_s8(const safe_quantize_params_t *params, const float *input,
                                 int8_t *output);

/**
 * output[i] = saturate(requantize(input[i] - input_zero_point) + output_zero_point).
 *
 * @param input [length]. @param output [length], may be the input.
 * Source of the arithmetic: TFLM reference_ops::Requantize, double rounding.
 */
void safe_kernel_requantize_s8(const safe_requantize_params_t *params, const int8_t *input,
                               int8_t *output);

#endif
