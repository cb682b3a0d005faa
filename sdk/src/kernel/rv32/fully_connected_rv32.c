/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_rv32.c int8 matrix product, eight outputs at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/fully_connected_rv32.h"

void safe_kernel_fully_connected_s8_rv32(const safe_fully_connected_rv32_params_t *params,
                                         const int8_t *input, const int8_t *weights,
                                         const void *start, const int32_t *multiplier,
                                         const int8_t *shift, int8_t *output)
{
    const safe_dense_weights_rv32_t constants = {weights, start, multiplier, shift};
    for (int32_t batch = 0; batch < params->batches; batch++) {
        safe_rv32_dense_row(&params->row, &constants, input, output);
        input += params->row.depth;
        output += params->row.units;
    }
}
