/* SPDX-License-Identifier: Apache-2.0 */
/** @file reduce_extreme.c Reference extreme over some axes. */
#include "safe/kernel/goal.h"

#include "safe/kernel/reduce_extreme.h"

/** @return The extreme of all elements of one output, the first of which is at `input`. */
static int8_t extreme_of(const safe_reduce_extreme_params_t *params, const int8_t *input)
{
    const safe_reduction_t *loops = &params->loops;
    int8_t found = *input;
    for (int32_t a = 0; a < loops->reduced0.count; a++) {
        for (int32_t b = 0; b < loops->reduced1.count; b++) {
            const int8_t *run = &input[a * loops->reduced0.step + b * loops->reduced1.step];
            for (int32_t c = 0; c < loops->reduced2.count; c++) {
                const int8_t value = run[c * loops->reduced2.step];
                found = (value - found) * params->sign > 0 ? value : found;
            }
        }
    }
    return found;
}

void safe_kernel_reduce_extreme_s8(const safe_reduce_extreme_params_t *params, const int8_t *input,
                                   int8_t *output)
{
    const safe_reduction_t *loops = &params->loops;
    const int32_t rows = loops->kept0.count * loops->kept1.count;
    for (int32_t row = 0; row < rows; row++) {
        const int8_t *first = &input[safe_reduction_row(loops, row)];
        for (int32_t column = 0; column < loops->kept2.count; column++) {
            *output++ = extreme_of(params, &first[column * loops->kept2.step]);
        }
    }
}
