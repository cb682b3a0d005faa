/* SPDX-License-Identifier: Apache-2.0 */
/** @file mean_s16.c Reference int16 mean. */
#include "safe/kernel/goal.h"

#include "safe/fixed_point.h"
#include "safe/kernel/mean.h"

/** @return The sum of all elements of one output, the first of which is at `input`. */
static int32_t sum_of(const safe_reduction_t *loops, const int16_t *input)
{
    int32_t sum = 0;
    for (int32_t a = 0; a < loops->reduced0.count; a++) {
        for (int32_t b = 0; b < loops->reduced1.count; b++) {
            const int16_t *run = &input[a * loops->reduced0.step + b * loops->reduced1.step];
            for (int32_t c = 0; c < loops->reduced2.count; c++) {
                sum += run[c * loops->reduced2.step];
            }
        }
    }
    return sum;
}

void safe_kernel_mean_s16(const safe_mean_params_t *params, const int16_t *input, int16_t *output)
{
    const safe_reduction_t *loops = &params->loops;
    const int32_t rows = loops->kept0.count * loops->kept1.count;
    for (int32_t row = 0; row < rows; row++) {
        const int16_t *first = &input[safe_reduction_row(loops, row)];
        for (int32_t column = 0; column < loops->kept2.count; column++) {
            const int32_t sum = params->start + sum_of(loops, &first[column * loops->kept2.step]);
            const int32_t scaled = safe_requantize(sum, params->multiplier, params->shift);
            *output++ =
                (int16_t)safe_clamp(scaled + params->output_zero_point, INT16_MIN, INT16_MAX);
        }
    }
}
