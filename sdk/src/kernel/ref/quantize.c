/* SPDX-License-Identifier: Apache-2.0 */
/** @file quantize.c Reference conversion to int8. */
#include "safe/kernel/goal.h"

#include "safe/kernel/quantize.h"

#include "safe/exact_float.h"
#include "safe/fixed_point.h"
#include "safe/kernel/round.h"

void safe_kernel_quantize_f32_s8(const safe_quantize_params_t *params, const float *input,
                                 int8_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        /* 512 exceeds any difference of a result and a zero point. */
        const int32_t rounded = safe_round_limited(input[i] / params->scale, 512.0f);
        output[i] = (int8_t)safe_clamp(rounded + params->zero_point, INT8_MIN, INT8_MAX);
    }
}
