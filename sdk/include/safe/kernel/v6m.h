/* SPDX-License-Identifier: Apache-2.0 */
/** @file v6m.h What the kernels for Armv6-M and Armv8-M Baseline share: eight low registers, and a
 * multiplication of 32 bits that keeps the low word only. */
#ifndef SAFE_KERNEL_V6M_H
#define SAFE_KERNEL_V6M_H

#include <stdint.h>

#include "safe/compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Whether the tiles are assembly: any Thumb core has the instructions of Armv6-M. */
#if defined(__thumb__) && defined(__GNUC__) && !defined(SAFE_NO_ASM)
#define SAFE_V6M_ASM 1
#else
#define SAFE_V6M_ASM 0
#endif

/** Limits `value` to [low, high]. */
static inline int32_t safe_v6m_clamp(int32_t value, int32_t low, int32_t high)
{
    value = value < low ? low : value;
    return value > high ? high : value;
}

/** Limits a value to int16; one comparison where nothing is to be limited. */
static inline int32_t safe_v6m_saturate_s16(int32_t value)
{
    if (SAFE_UNLIKELY((int16_t)value != value)) {
        value = value < 0 ? INT16_MIN : INT16_MAX;
    }
    return value;
}

/** Limits a value to [-limit, limit); one branch where nothing is to be limited. */
static inline int32_t safe_v6m_saturate(int32_t value, int32_t limit)
{
    if (SAFE_UNLIKELY((uint32_t)value + (uint32_t)limit >= 2u * (uint32_t)limit)) {
        value = value < 0 ? -limit : limit - 1;
    }
    return value;
}

/** The lower half of a word as a signed number. */
static inline int32_t safe_v6m_low(uint32_t word)
{
    return (int16_t)(uint16_t)word;
}

/** What is left of a word without its lower half as a signed number. */
static inline int32_t safe_v6m_high(uint32_t word)
{
    return (int32_t)(word - (uint32_t)safe_v6m_low(word)) >> 16;
}

/**
 * round(sum * multiplier / 2^31), halves up: safe_multiply_high by four products of 16 bits.
 *
 * @param sum In (-2^30, 2^30). @param multiplier In [0, 2^31).
 * sum = 2^16 h + l with l in [-2^15, 2^15) and |h| <= 2^14; multiplier = 2^16 m1 + m0 with m0 <
 * 2^16 and m1 < 2^15. So |l m0| < 2^31, |h m0| <= 2^30 - 2^14, |l m1| <= 2^30 - 2^15, and these two
 * with the upper half of l m0, at most 2^15, and the rounding 2^14 stay below 2^31; |2 h m1| <
 * 2^30. What the lower half of l m0 holds beside the other terms is less than one of their units,
 * so that dropping it is the floor that the shift takes anyway.
 */
static inline int32_t safe_v6m_multiply_high(int32_t sum, int32_t multiplier)
{
    const int32_t l = safe_v6m_low((uint32_t)sum);
    const int32_t h = (sum - l) >> 16;
    const int32_t m0 = (int32_t)((uint32_t)multiplier & 0xFFFFu);
    const int32_t m1 = multiplier >> 16;
    /* floor((x + 2^14) / 2^15) by floor((floor(x / 2^14) + 1) / 2), which needs no large constant.
     */
    return 2 * (h * m1) + ((((((l * m0) >> 16) + h * m0 + l * m1) >> 14) + 1) >> 1);
}

/** Rescaling of a sum whose addend is stored. */
typedef struct safe_v6m_rescale {
    int32_t multiplier; /**< 0 or in [2^30, 2^31). */
    int32_t addend;     /**< 2^(shift - 1) + zero_point * 2^shift */
    int32_t shift;      /**< [1, 30]: right */
} safe_v6m_rescale_t;

/**
 * zero_point + safe_requantize(sum, multiplier, -shift), not limited.
 *
 * The second rounding is in the addend, one less below 0 so that halves go away from 0.
 * @param sum In (-2^30, 2^30). The generator proves that the sum before the shift fits 32 bits.
 */
static inline int32_t safe_v6m_rescale(int32_t sum, safe_v6m_rescale_t r)
{
    // cppcheck-suppress shiftTooManyBitsSigned ; GCC and clang shift in copies of the sign
    return (safe_v6m_multiply_high(sum, r.multiplier) + r.addend + (sum >> 31)) >> r.shift;
}

/** The rescaling by a multiplier and a right shift in [1, 30], its addend made of `halves`: 1 +
 * twice the zero point. */
static inline safe_v6m_rescale_t safe_v6m_rescale_of(int32_t multiplier, int32_t shift,
                                                     int32_t halves)
{
    const safe_v6m_rescale_t rescale = {multiplier, (int32_t)((uint32_t)halves << (shift - 1)),
                                        shift};
    return rescale;
}

#ifdef __cplusplus
}
#endif

#endif
