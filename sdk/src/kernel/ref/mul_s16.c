/* SPDX-License-Identifier: Apache-2.0 */
/** @file mul_s16.c Reference product of int16 tensors. */
#include "safe/kernel/mul.h"

#include "safe/fixed_point.h"

/** One run; inlined for each pair of steps, so that equal shapes pay for no step. */
static inline void mul_run(const safe_mul_params_t *params, const int16_t *input1, int32_t step1,
                           const int16_t *input2, int32_t step2, int16_t *output)
{
    const int32_t length = params->walk.length;
    for (int32_t i = 0; i < length; i++) {
        const int32_t first = input1[i * step1] - params->input1_zero_point;
        const int32_t second = input2[i * step2] - params->input2_zero_point;
        const int32_t scaled = safe_requantize(first * second, params->multiplier, params->shift);
        output[i] = (int16_t)safe_clamp(scaled + params->output_zero_point, params->output_min,
                                        params->output_max);
    }
}

void safe_kernel_mul_s16(const safe_mul_params_t *params, const int16_t *input1,
                         const int16_t *input2, int16_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int16_t *first = &input1[start.first];
        const int16_t *second = &input2[start.second];
        if (walk->step1 == 1 && walk->step2 == 1) {
            mul_run(params, first, 1, second, 1, output);
        } else {
            mul_run(params, first, walk->step1, second, walk->step2, output);
        }
        output += walk->length;
    }
}
