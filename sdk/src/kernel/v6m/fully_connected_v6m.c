/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_v6m.c int8 matrix product, eight outputs at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/fully_connected_v6m.h"

void safe_kernel_fully_connected_s8_v6m(const safe_fully_connected_v6m_params_t *params,
                                        const int8_t *input, const uint32_t *weights,
                                        const uint32_t *start, const int32_t *multiplier,
                                        const int8_t *shift, void *scratch, int8_t *output)
{
    const safe_dense_weights_v6m_t constants = {weights, start, multiplier, shift};
    int32_t *values = (int32_t *)scratch;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        safe_v6m_widen(input, params->row.depth, params->row.vector, values);
        safe_v6m_dense_row(&params->row, &constants, values, output);
        input += params->row.depth;
        output += params->row.units;
    }
}
