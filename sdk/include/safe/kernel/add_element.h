/* SPDX-License-Identifier: Apache-2.0 */
/** @file add_element.h One element of a sum or difference. */
#ifndef SAFE_KERNEL_ADD_ELEMENT_H
#define SAFE_KERNEL_ADD_ELEMENT_H

#include "safe/fixed_point.h"
#include "safe/kernel/add.h"

/** @return One input on the common scale. */
static inline int32_t safe_add_side(const safe_add_side_t *side, int32_t value, int32_t left_shift)
{
    const int32_t centred = (value - side->zero_point) * (int32_t)((uint32_t)1 << left_shift);
    const int32_t high = safe_multiply_high(centred, side->multiplier);
    return safe_shift_right_rounding(high, -side->shift);
}

/** @return The limited sum or difference of two values. */
static inline int32_t safe_add_element(const safe_add_params_t *params, int32_t first,
                                       int32_t second)
{
    const int32_t side1 = safe_add_side(&params->input1, first, params->left_shift);
    const int32_t side2 = safe_add_side(&params->input2, second, params->left_shift);
    const int32_t high =
        safe_multiply_high(side1 + params->sign * side2, params->output_multiplier);
    const int32_t scaled = safe_shift_right_rounding(high, -params->output_shift);
    return safe_clamp(scaled + params->output_zero_point, params->output_min, params->output_max);
}

#endif
