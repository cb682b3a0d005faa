/* SPDX-License-Identifier: Apache-2.0 */
/** @file dequantize.h From int8 or int16 to float32. */
#ifndef SAFE_KERNEL_DEQUANTIZE_H
#define SAFE_KERNEL_DEQUANTIZE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_dequantize_params {
    int32_t length;
    float scale;        /**< Finite, positive. */
    int32_t zero_point; /**< In the range of the input. */
} safe_dequantize_params_t;

/**
 * output[i] = scale * (input[i] - zero_point), rounded once to float32.
 *
 * @param input [length]. @param output [length], must not overlap the input.
 * Source of the arithmetic: TFLM reference_ops::Dequantize; its double product is exact.
 */
void safe_kernel_dequantize_s8_f32(const safe_dequantize_params_t *params, const int8_t *input,
                                   float *output);

/** Does what safe_kernel_dequantize_s8_f32 does, for int16. */
void safe_kernel_dequantize_s16_f32(const safe_dequantize_params_t *params, const int16_t *input,
                                    float *output);

#ifdef __cplusplus
}
#endif

#endif
