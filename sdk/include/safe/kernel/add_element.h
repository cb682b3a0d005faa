/* SPDX-License-Identifier: Apache-2.0 */
/** @file add_element.h One element of a sum or difference. */
#ifndef SAFE_KERNEL_ADD_ELEMENT_H
#define SAFE_KERNEL_ADD_ELEMENT_H

#include <stdint.h>

#include "safe/fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What one element needs. The inputs are on a common scale of twice the larger input scale.
 *
 * Doubled values are carried, so that the high word of a 64-bit product is the rounding doubling
 * high multiply of gemmlowp.
 */
typedef struct safe_add_element {
    int32_t factor1;     /**< Factor of input1, whose scale is the larger: +-2^20, int16: +-2^15. */
    int32_t bias;        /**< -zero_point1 * factor1. */
    int32_t factor2;     /**< Factor of input2 before its multiplier: 2^21, int16: 2^16. */
    int32_t start2;      /**< -zero_point2 * factor2. */
    int32_t multiplier2; /**< 0 or in [2^30, 2^31). */
    int32_t shift2;      /**< Right shift behind it, in [1, 31]. */
    int32_t sign2;       /**< 2 (4 where equal scales need no shift), negative to subtract. */
    int32_t multiplier;  /**< Multiplier of the sum: 0 or in [2^30, 2^31). */
    int32_t shift;       /**< Right shift behind it, in [1, 31]. */
    int32_t zero_point;
    int32_t low; /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_add_element_t;

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

#ifdef __cplusplus
}
#endif

#endif
