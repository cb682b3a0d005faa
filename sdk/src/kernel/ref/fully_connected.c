/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected.c Reference int8 matrix product: four output units at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/fully_connected.h"

#include "safe/fixed_point.h"
#include "safe/kernel/dot.h"

void safe_kernel_fully_connected_s8(const safe_fully_connected_params_t *params,
                                    const int8_t *input, const int8_t *weights, const int32_t *bias,
                                    const int32_t *multiplier, const int8_t *shift, void *scratch,
                                    int8_t *output)
{
    const int32_t depth = params->depth;
    const int32_t units = params->units;
    const int32_t step = params->requantize_step;
    (void)scratch;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        int32_t unit = 0;
        while (unit < units) {
            int32_t sum[SAFE_DOT_ROWS] = {0};
            int32_t rows = units - unit;
            rows = rows < SAFE_DOT_ROWS ? 1 : SAFE_DOT_ROWS;
            for (int32_t r = 0; r < rows; r++) {
                sum[r] = bias[unit + r];
            }
            if (rows == SAFE_DOT_ROWS) {
                safe_dot4_s8(input, &weights[unit * depth], depth, depth, sum);
            } else {
                safe_dot1_s8(input, &weights[unit * depth], depth, sum);
            }
            for (int32_t r = 0; r < rows; r++, unit++) {
                const int32_t scaled =
                    safe_requantize(sum[r], multiplier[unit * step], shift[unit * step]);
                output[unit] = (int8_t)safe_clamp(scaled + params->output_zero_point,
                                                  params->output_min, params->output_max);
            }
        }
        input += depth;
        output += units;
    }
}
