/* SPDX-License-Identifier: Apache-2.0 */
/** @file fixed_point.h Integer rescaling with the two roundings of TensorFlow Lite Micro.
 *
 * Source of the arithmetic: gemmlowp's SaturatingRoundingDoublingHighMul followed by
 * RoundingDivideByPOT. Mirrored in Python by `codegen/fixed_point.py`; both are tested against
 * each other and against the `tflite-micro` package.
 * Right shifts of negative values are arithmetic on every compiler that SAFE supports.
 */
#ifndef SAFE_FIXED_POINT_H
#define SAFE_FIXED_POINT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Limits `value` to [low, high]. */
static inline int32_t safe_clamp(int32_t value, int32_t low, int32_t high)
{
    value = value < low ? low : value;
    return value > high ? high : value;
}

/**
 * round(value * multiplier / 2^31), halves up.
 *
 * @param value Any int32. @param multiplier In [0, 2^31): a negative one is not supported, so
 * the only saturating case of gemmlowp (both INT32_MIN) cannot occur.
 */
static inline int32_t safe_multiply_high(int32_t value, int32_t multiplier)
{
    const int64_t product = (int64_t)value * multiplier;
    return (int32_t)((product + ((int64_t)1 << 30)) >> 31);
}

/** value / 2^exponent, halves away from zero. @param exponent In [0, 31]. */
static inline int32_t safe_shift_right_rounding(int32_t value, int32_t exponent)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1u);
    const int32_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
    return (value >> exponent) + ((value & mask) > threshold ? 1 : 0);
}

/**
 * value * multiplier * 2^(shift - 31), rounded twice.
 *
 * @param value With |value * 2^max(shift, 0)| < 2^31, which the generator proves from the
 * weights. @param multiplier 0 or in [2^30, 2^31). @param shift In [-31, 30]; negative is right.
 */
static inline int32_t safe_requantize(int32_t value, int32_t multiplier, int32_t shift)
{
    /* One path for both directions: fewer instructions than a branch on the sign. */
    const int32_t shift_left = shift > 0 ? shift : 0;
    const int32_t shifted = (int32_t)((uint32_t)value << shift_left);
    return safe_shift_right_rounding(safe_multiply_high(shifted, multiplier), shift_left - shift);
}

/**
 * value * multiplier * 2^(-31 - shift), rounded twice, from the doubled value: what safe_requantize
 * gives, in fewer instructions.
 *
 * Both roundings are one constant: floor((floor(x + 1/2) + 2^(shift-1)) / 2^shift) is
 * floor((x + 1/2 + 2^(shift-1)) / 2^shift); one less below 0 makes halves go away from 0.
 * @param doubled Any even int32. @param multiplier 0 or in [2^30, 2^31). @param shift In [1, 31].
 */
static inline int32_t safe_rescale_doubled(int32_t doubled, int32_t multiplier, int32_t shift)
{
    const int64_t half = (int64_t)1 << 31;
    const int64_t rounding = half + (half << shift);
    const int32_t high = (int32_t)(((int64_t)doubled * multiplier + rounding) >> 32);
    return (high - (doubled < 0 ? 1 : 0)) >> shift;
}

#ifdef __cplusplus
}
#endif

#endif
