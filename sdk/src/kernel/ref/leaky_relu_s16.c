/* SPDX-License-Identifier: Apache-2.0 */
/** @file leaky_relu_s16.c Reference rectifier of int16 values. */
#include "safe/kernel/goal.h"

#include "safe/fixed_point.h"
#include "safe/kernel/leaky_relu.h"

void safe_kernel_leaky_relu_s16(const safe_leaky_relu_params_t *params, const int16_t *input,
                                int16_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        const int32_t value = input[i] - params->input_zero_point;
        const int32_t scaled =
            value >= 0 ? safe_requantize(value, params->multiplier_above, params->shift_above)
                       : params->sign_below *
                             safe_requantize(value, params->multiplier_below, params->shift_below);
        output[i] = (int16_t)safe_clamp(scaled + params->output_zero_point, INT16_MIN, INT16_MAX);
    }
}
