/* SPDX-License-Identifier: Apache-2.0 */
/** @file squared_difference_s16.c Reference squared difference of int16 tensors. */
#include "safe/kernel/goal.h"

#include "safe/kernel/squared_difference.h"

#include "safe/fixed_point.h"

void safe_kernel_squared_difference_s16(const safe_squared_difference_params_t *params,
                                        const int16_t *input1, const int16_t *input2,
                                        int16_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const safe_squared_difference_element_t *e = &params->element;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int16_t *first = &input1[start.first];
        const int16_t *second = &input2[start.second];
        for (int32_t i = 0; i < walk->length; i++) {
            const int32_t step1 = (*first - e->zero_point1) * e->factor;
            const int32_t step2 = (*second - e->zero_point2) * e->factor;
            const int32_t side1 = safe_requantize(step1, e->multiplier1, e->shift1);
            const int32_t side2 = safe_requantize(step2, e->multiplier2, e->shift2);
            const int32_t square = (side1 - side2) * (side1 - side2);
            const int32_t scaled = safe_requantize(square, e->multiplier, e->shift);
            *output++ = (int16_t)safe_clamp(scaled + e->zero_point, e->low, e->high);
            first += walk->step1;
            second += walk->step2;
        }
    }
}
