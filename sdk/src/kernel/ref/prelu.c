/* SPDX-License-Identifier: Apache-2.0 */
/** @file prelu.c Reference rectifier with slopes of int8 tensors. */
#include "safe/kernel/goal.h"

#include "safe/kernel/prelu.h"

#include "safe/fixed_point.h"

void safe_kernel_prelu_s8(const safe_prelu_params_t *params, const int8_t *input,
                          const int8_t *slopes, int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const safe_prelu_element_t *e = &params->element;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int8_t *first = &input[start.first];
        const int8_t *second = &slopes[start.second];
        for (int32_t i = 0; i < walk->length; i++) {
            const int32_t value = *first - e->zero_point1;
            const int32_t slope = *second - e->zero_point2;
            const int32_t scaled =
                value >= 0 ? safe_requantize(value, e->multiplier_above, e->shift_above)
                           : safe_requantize(value * slope, e->multiplier_below, e->shift_below);
            *output++ = (int8_t)safe_clamp(scaled + e->zero_point, e->low, e->high);
            first += walk->step1;
            second += walk->step2;
        }
    }
}
