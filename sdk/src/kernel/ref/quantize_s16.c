/* SPDX-License-Identifier: Apache-2.0 */
/** @file quantize_s16.c Reference conversions to and from int16. */
#include "safe/kernel/goal.h"

#include "safe/exact_float.h"
#include "safe/fixed_point.h"
#include "safe/kernel/quantize.h"
#include "safe/kernel/round.h"

void safe_kernel_quantize_f32_s16(const safe_quantize_params_t *params, const float *input,
                                  int16_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        /* 2^17 exceeds any difference of a result and a zero point. */
        const int32_t rounded = safe_round_limited(input[i] / params->scale, 131072.0f);
        output[i] = (int16_t)safe_clamp(rounded + params->zero_point, INT16_MIN, INT16_MAX);
    }
}

/** @return One value at the output's scale, not yet limited. */
static int32_t rescaled(const safe_requantize_params_t *params, int32_t value)
{
    const int32_t centred = value - params->input_zero_point;
    return safe_requantize(centred, params->multiplier, params->shift) + params->output_zero_point;
}

void safe_kernel_requantize_s16_s8(const safe_requantize_params_t *params, const int16_t *input,
                                   int8_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        output[i] = (int8_t)safe_clamp(rescaled(params, input[i]), INT8_MIN, INT8_MAX);
    }
}

void safe_kernel_requantize_s16_s16(const safe_requantize_params_t *params, const int16_t *input,
                                    int16_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        output[i] = (int16_t)safe_clamp(rescaled(params, input[i]), INT16_MIN, INT16_MAX);
    }
}

void safe_kernel_requantize_s8_s16(const safe_requantize_params_t *params, const int8_t *input,
                                   int16_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        output[i] = (int16_t)safe_clamp(rescaled(params, input[i]), INT16_MIN, INT16_MAX);
    }
}
