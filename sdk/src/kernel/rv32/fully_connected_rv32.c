/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_rv32.c int8 matrix product, eight outputs at a time. */
#include "safe/kernel/fully_connected_rv32.h"

#include "safe/kernel/dot8_rv32.h"

/** One row of outputs. */
static void run_row(const safe_fully_connected_rv32_params_t *params, const int8_t *input,
                    const int8_t *weights, const int32_t *start, const safe_rv32_rescale_t *rescale,
                    int8_t *output)
{
    for (int32_t left = params->units; left > 0; left -= SAFE_DOT8_RV32_ROWS) {
        int32_t sums[SAFE_DOT8_RV32_ROWS];
        const int32_t count = left < SAFE_DOT8_RV32_ROWS ? left : SAFE_DOT8_RV32_ROWS;
        weights = safe_rv32_dot8(weights, input, params->depth, start, sums);
        for (int32_t r = 0; r < count; r++) {
            const int32_t value = safe_rv32_rescale(sums[r], *rescale);
            *output++ = (int8_t)safe_rv32_clamp(value, params->output_min, params->output_max);
            rescale += params->rescale_step;
        }
        start += SAFE_DOT8_RV32_ROWS;
    }
}

void safe_kernel_fully_connected_s8_rv32(const safe_fully_connected_rv32_params_t *params,
                                         const int8_t *input, const int8_t *weights,
                                         const int32_t *start, const int32_t *rescale,
                                         int8_t *output)
{
    for (int32_t batch = 0; batch < params->batches; batch++) {
        run_row(params, input, weights, start, (const safe_rv32_rescale_t *)rescale, output);
        input += params->depth;
        output += params->units;
    }
}
