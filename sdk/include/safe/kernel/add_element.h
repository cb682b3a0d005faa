/* SPDX-License-Identifier: Apache-2.0 */
/** @file add_element.h One element of a sum or difference. */
#ifndef SAFE_KERNEL_ADD_ELEMENT_H
#define SAFE_KERNEL_ADD_ELEMENT_H

#include "safe/fixed_point.h"
#include "safe/kernel/add.h"

/** @return The limited sum or difference of two values. @param e A copy: what is behind a pointer
 * would be loaded again after every store. */
static inline int32_t safe_add_one(const safe_add_element_t e, int32_t first, int32_t second)
{
    const int32_t doubled2 = second * e.factor2 + e.start2;
    const int32_t side2 = safe_rescale_doubled(doubled2, e.multiplier2, e.shift2);
    const int32_t doubled = first * e.factor1 + e.bias + side2 * e.sign2;
    const int32_t scaled = safe_rescale_doubled(doubled, e.multiplier, e.shift);
    return safe_clamp(scaled + e.zero_point, e.low, e.high);
}

#endif
