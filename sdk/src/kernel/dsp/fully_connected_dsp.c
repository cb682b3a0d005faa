/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_dsp.c int8 matrix product; an input row is expanded to int16 once. */
#include "safe/kernel/goal.h"

#include "safe/kernel/fully_connected_dsp.h"

void safe_kernel_fully_connected_s8_dsp(const safe_fully_connected_dsp_params_t *params,
                                        const int8_t *input, const uint32_t *weights,
                                        const int32_t *start, const int32_t *multiplier,
                                        const int8_t *shift, void *scratch, int8_t *output)
{
    const safe_dense_weights_t constants = {weights, start, multiplier, shift};
    uint32_t *expanded = (uint32_t *)scratch;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        safe_dsp_expand(input, params->row.depth, 0, expanded);
        safe_dsp_dense_row(&params->row, &constants, expanded, output);
        input += params->row.depth;
        output += params->row.units;
    }
}
