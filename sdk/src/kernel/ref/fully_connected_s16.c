/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_s16.c Reference matrix product of int16 values. */
#include "safe/kernel/goal.h"

#include "safe/kernel/fully_connected_s16.h"

#include "safe/kernel/sum_s16.h"

void safe_kernel_fully_connected_s16(const safe_fully_connected_s16_params_t *params,
                                     const int16_t *input, const int8_t *weights,
                                     const int64_t *bias, const int32_t *multiplier,
                                     const int8_t *shift, int16_t *output)
{
    const int32_t depth = params->depth;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t unit = 0; unit < params->units; unit++) {
            const int32_t q = unit * params->requantize_step;
            const int64_t sum = bias[unit] + safe_dot_s16(input, &weights[unit * depth], depth);
            const int32_t scaled = safe_rescale_sum(sum, multiplier[q], shift[q], params->wide);
            output[unit] = (int16_t)safe_clamp(scaled, params->output_min, params->output_max);
        }
        input += depth;
        output += params->units;
    }
}
