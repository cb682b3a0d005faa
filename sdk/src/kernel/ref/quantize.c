/* SPDX-License-Identifier: Apache-2.0 */
/** @file quantize.c Reference conversions to int8. */
#include "safe/kernel/quantize.h"

#include "safe/fixed_point.h"

/** Rounds half away from zero. @param value Any float; limited to [-512, 512], NaN to -512. */
static int32_t round_limited(float value)
{
    if (!(value > -512.0f)) {
        return -512;
    }
    if (value > 512.0f) {
        return 512;
    }
    /* Exact: both the truncation and the difference are representable. Adding 0.5f instead
     * would round 0.49999997f up. */
    const int32_t whole = (int32_t)value;
    const float rest = value - (float)whole;
    if (rest >= 0.5f) {
        return whole + 1;
    }
    return rest <= -0.5f ? whole - 1 : whole;
}

void safe_kernel_quantize_f32_s8(const safe_quantize_params_t *params, const float *input,
                                 int8_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        const int32_t rounded = round_limited(input[i] / params->scale);
        output[i] = (int8_t)safe_clamp(rounded + params->zero_point, INT8_MIN, INT8_MAX);
    }
}

void safe_kernel_requantize_s8(const safe_requantize_params_t *params, const int8_t *input,
                               int8_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        const int32_t centred = (int32_t)input[i] - params->input_zero_point;
        const int32_t scaled = safe_requantize(centred, params->multiplier, params->shift);
        output[i] = (int8_t)safe_clamp(scaled + params->output_zero_point, INT8_MIN, INT8_MAX);
    }
}
