/* SPDX-License-Identifier: Apache-2.0 */
/** @file quantize.h To int8 or int16: from float32, or from an integer with another scale.
 *
 * int8 to int8 is a table lookup: see safe/kernel/lookup.h.
 */
#ifndef SAFE_KERNEL_QUANTIZE_H
#define SAFE_KERNEL_QUANTIZE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call of safe_kernel_quantize_f32_s8 or _s16. */
typedef struct safe_quantize_params {
    int32_t length;
    float scale;        /**< Finite, positive. */
    int32_t zero_point; /**< In the range of the output. */
} safe_quantize_params_t;

/** Constants of one call of a safe_kernel_requantize function. */
typedef struct safe_requantize_params {
    int32_t length;
    int32_t input_zero_point; /**< In the range of the input. */
    int32_t multiplier;       /**< See safe_requantize. */
    int32_t shift;
    int32_t output_zero_point; /**< In the range of the output. */
} safe_requantize_params_t;

/**
 * output[i] = saturate(round(input[i] / scale) + zero_point), halves away from zero.
 *
 * Single precision, one division per element; anything beyond the output's range saturates, NaN
 * gives its lowest value.
 * @param input [length]. @param output [length], may start where the input starts.
 * Source of the arithmetic: TFLM reference_ops::AffineQuantize.
 */
void safe_kernel_quantize_f32_s8(const safe_quantize_params_t *params, const float *input,
                                 int8_t *output);

/** Does what safe_kernel_quantize_f32_s8 does, for int16. */
void safe_kernel_quantize_f32_s16(const safe_quantize_params_t *params, const float *input,
                                  int16_t *output);

/**
 * output[i] = saturate(requantize(input[i] - input_zero_point) + output_zero_point).
 *
 * The generator proves that the centred input, shifted left, fits into int32.
 * @param input [length]. @param output [length], may start where the input starts.
 * Source of the arithmetic: TFLM reference_ops::Requantize, double rounding.
 */
void safe_kernel_requantize_s16_s8(const safe_requantize_params_t *params, const int16_t *input,
                                   int8_t *output);

/** Does what safe_kernel_requantize_s16_s8 does, with an int16 output. */
void safe_kernel_requantize_s16_s16(const safe_requantize_params_t *params, const int16_t *input,
                                    int16_t *output);

/** Does what safe_kernel_requantize_s16_s8 does, from int8 to int16. The output must not overlap
 * the input. */
void safe_kernel_requantize_s8_s16(const safe_requantize_params_t *params, const int8_t *input,
                                   int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
