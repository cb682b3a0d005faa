/* SPDX-License-Identifier: Apache-2.0 */
/** @file add.c Reference sum and difference of int8 tensors. */
#include "safe/kernel/goal.h"

#include "safe/kernel/add.h"

#include "safe/kernel/add_element.h"

/** One run; inlined for each pair of steps, so that equal shapes pay for no step. */
static inline void add_run(const safe_add_element_t e, int32_t length, const int8_t *input1,
                           int32_t step1, const int8_t *input2, int32_t step2, int8_t *output)
{
    for (int32_t i = 0; i < length; i++) {
        output[i] = (int8_t)safe_add_one(e, *input1, *input2);
        input1 += step1;
        input2 += step2;
    }
}

void safe_kernel_add_s8(const safe_add_params_t *params, const int8_t *input1, const int8_t *input2,
                        int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const safe_add_element_t e = params->element;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int8_t *first = &input1[start.first];
        const int8_t *second = &input2[start.second];
        if (walk->step1 == 1 && walk->step2 == 1) {
            add_run(e, walk->length, first, 1, second, 1, output);
        } else {
            add_run(e, walk->length, first, walk->step1, second, walk->step2, output);
        }
        output += walk->length;
    }
}
