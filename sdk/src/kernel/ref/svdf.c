/* SPDX-License-Identifier: Apache-2.0 */
/** @file svdf.c Reference filters in features and time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/svdf.h"

#include "safe/fixed_point.h"

/** Moves the memory of one filter by a step and puts the newest value behind it. */
static void remember(const safe_svdf_params_t *params, const int8_t *input, const int8_t *weights,
                     int16_t *memory)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < params->inputs; k++) {
        sum += weights[k] * (input[k] - params->input_zero_point);
    }
    for (int32_t t = 1; t < params->memory; t++) {
        memory[t - 1] = memory[t];
    }
    const int32_t scaled = safe_requantize(sum, params->feature_multiplier, params->feature_shift);
    memory[params->memory - 1] = (int16_t)safe_clamp(scaled, INT16_MIN, INT16_MAX);
}

void safe_kernel_svdf_s8(const safe_svdf_params_t *params, const int8_t *input,
                         const int8_t *feature_weights, const int16_t *time_weights,
                         const int32_t *bias, int16_t *state, int8_t *output)
{
    for (int32_t b = 0; b < params->batches; b++) {
        for (int32_t unit = 0; unit < params->filters / params->rank; unit++) {
            int32_t sum = bias[unit];
            for (int32_t filter = unit * params->rank; filter < (unit + 1) * params->rank;
                 filter++) {
                const int16_t *weights = &time_weights[filter * params->memory];
                int16_t *memory = &state[filter * params->memory];
                remember(params, input, &feature_weights[filter * params->inputs], memory);
                for (int32_t t = 0; t < params->memory; t++) {
                    sum += weights[t] * memory[t];
                }
            }
            const int32_t scaled = safe_requantize(sum, params->multiplier, params->shift);
            *output++ = (int8_t)safe_clamp(scaled + params->output_zero_point, INT8_MIN, INT8_MAX);
        }
        input += params->inputs;
        state += params->filters * params->memory;
    }
}
