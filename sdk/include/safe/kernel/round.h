/* SPDX-License-Identifier: Apache-2.0 */
/** @file round.h Rounding of float32 without the C library. */
#ifndef SAFE_KERNEL_ROUND_H
#define SAFE_KERNEL_ROUND_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Rounds half away from zero. @param value Any float; limited to [-limit, limit], NaN to -limit.
 * @param limit At most 2^23, so that every step below is exact. */
static inline int32_t safe_round_limited(float value, float limit)
{
    if (!(value > -limit)) {
        return (int32_t)-limit;
    }
    if (value > limit) {
        return (int32_t)limit;
    }
    /* Exact: both the truncation and the difference are representable. Adding 0.5f instead
     * would round 0.49999997f up. */
    const int32_t whole = (int32_t)value;
    const float rest = value - (float)whole;
    if (rest >= 0.5f) {
        return whole + 1;
    }
    return rest <= -0.5f ? whole - 1 : whole;
}

#ifdef __cplusplus
}
#endif

#endif
