/* SPDX-License-Identifier: Apache-2.0 */
/** @file div.c Reference quotient of int8 tensors. */
#include "safe/kernel/goal.h"

#include "safe/kernel/div.h"

#include "safe/fixed_point.h"

/** @return Leading bits of a magnitude below 2^8 that repeat its sign, but for the first. */
static int32_t headroom(int32_t magnitude)
{
    int32_t bits = 31;
    while (magnitude > 0) {
        magnitude >>= 1;
        bits--;
    }
    return bits;
}

/** @return The quotient of two distances from their zero points, before its limits. */
static int32_t quotient(const safe_div_element_t *e, const int32_t *reciprocals, int32_t value,
                        int32_t divisor)
{
    /* Both signs turn, so that the divisor is positive; 0 counts as 1. */
    const int32_t numerator = divisor < 0 ? -value : value;
    const int32_t magnitude = divisor < 0 ? -divisor : (divisor == 0 ? 1 : divisor);
    const int32_t left = numerator < 0 ? headroom(-numerator - 1) : headroom(numerator);
    const int64_t raised = (int64_t)numerator * ((int64_t)1 << left); /* In [-2^31, 2^31). */
    const int32_t whole = safe_multiply_high((int32_t)raised, reciprocals[magnitude]);
    const int32_t right = 30 - headroom(magnitude) + left - e->shift;
    if (right > 31) {
        return e->zero_point; /* Below one half. */
    }
    return safe_shift_right_rounding(safe_multiply_high(whole, e->multiplier), right) +
           e->zero_point;
}

void safe_kernel_div_s8(const safe_div_params_t *params, const int8_t *input1, const int8_t *input2,
                        const int32_t *reciprocals, int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const safe_div_element_t *e = &params->element;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int8_t *first = &input1[start.first];
        const int8_t *second = &input2[start.second];
        for (int32_t i = 0; i < walk->length; i++) {
            const int32_t result =
                quotient(e, reciprocals, *first - e->zero_point1, *second - e->zero_point2);
            *output++ = (int8_t)safe_clamp(result, e->low, e->high);
            first += walk->step1;
            second += walk->step2;
        }
    }
}
