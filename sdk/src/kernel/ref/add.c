/* SPDX-License-Identifier: Apache-2.0 */
/** @file add.c Reference sum and difference of int8 tensors. */
#include "safe/kernel/add.h"

#include "safe/kernel/add_element.h"

/** One run; inlined for each pair of steps, so that equal shapes pay for no step. */
static inline void add_run(const safe_add_params_t *params, const int8_t *input1, int32_t step1,
                           const int8_t *input2, int32_t step2, int8_t *output)
{
    const int32_t length = params->walk.length;
    for (int32_t i = 0; i < length; i++) {
        output[i] = (int8_t)safe_add_element(params, input1[i * step1], input2[i * step2]);
    }
}

void safe_kernel_add_s8(const safe_add_params_t *params, const int8_t *input1, const int8_t *input2,
                        int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int8_t *first = &input1[start.first];
        const int8_t *second = &input2[start.second];
        if (walk->step1 == 1 && walk->step2 == 1) {
            add_run(params, first, 1, second, 1, output);
        } else {
            add_run(params, first, walk->step1, second, walk->step2, output);
        }
        output += walk->length;
    }
}
