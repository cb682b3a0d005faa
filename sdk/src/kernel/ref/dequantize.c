/* SPDX-License-Identifier: Apache-2.0 */
/** @file dequantize.c Reference conversion to float32. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dequantize.h"

#include "safe/exact_float.h"

void safe_kernel_dequantize_s8_f32(const safe_dequantize_params_t *params, const int8_t *input,
                                   float *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        output[i] = (float)((int32_t)input[i] - params->zero_point) * params->scale;
    }
}

void safe_kernel_dequantize_s16_f32(const safe_dequantize_params_t *params, const int16_t *input,
                                    float *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        output[i] = (float)((int32_t)input[i] - params->zero_point) * params->scale;
    }
}
