/* SPDX-License-Identifier: Apache-2.0 */
/** @file extreme.c Reference choice of the larger or smaller of int8 tensors. */
#include "safe/kernel/goal.h"

#include "safe/kernel/extreme.h"

#include "safe/fixed_point.h"

void safe_kernel_extreme_s8(const safe_extreme_params_t *params, const int8_t *input1,
                            const int8_t *input2, int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const safe_extreme_element_t *e = &params->element;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int8_t *first = &input1[start.first];
        const int8_t *second = &input2[start.second];
        for (int32_t i = 0; i < walk->length; i++) {
            const int32_t difference = (*first - *second) * e->sign;
            *output++ = (int8_t)safe_clamp(difference > 0 ? *first : *second, e->low, e->high);
            first += walk->step1;
            second += walk->step2;
        }
    }
}
