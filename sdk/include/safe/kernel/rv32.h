/* SPDX-License-Identifier: Apache-2.0 */
/** @file rv32.h What the kernels for RV32IM share: portable C, written for 31
 * registers, a multiplication without accumulation, and neither saturation nor
 * SIMD. */
#ifndef SAFE_KERNEL_RV32_H
#define SAFE_KERNEL_RV32_H

#include <stdint.h>

#include "safe/compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Keeps the compiler from moving loads over one another: it would run out of
 * registers and spill sums to the stack. No instruction. */
#if defined(__GNUC__) || defined(__clang__)
#define SAFE_RV32_FENCE() __asm__ volatile("" ::: "memory")
/** Keeps what is done with `value` from moving before what made it: a narrowing that a store does
 * anyway would cost two instructions in each branch. No instruction. */
#define SAFE_RV32_WHOLE(value) __asm__("" : "+r"(value))
#else
#define SAFE_RV32_FENCE() ((void)0)
#define SAFE_RV32_WHOLE(value) ((void)0)
#endif

/** Adds the products of values[i] with its eight weights to a0 … a7. A macro, as the eight sums
 * must be variables of one function to stay in registers. */
#define SAFE_RV32_PRODUCTS8(values, weights, i)                                                    \
    do {                                                                                           \
        const int32_t value = (values)[i];                                                         \
        a0 += value * (weights)[8 * (i)];                                                          \
        a1 += value * (weights)[8 * (i) + 1];                                                      \
        a2 += value * (weights)[8 * (i) + 2];                                                      \
        a3 += value * (weights)[8 * (i) + 3];                                                      \
        a4 += value * (weights)[8 * (i) + 4];                                                      \
        a5 += value * (weights)[8 * (i) + 5];                                                      \
        a6 += value * (weights)[8 * (i) + 6];                                                      \
        a7 += value * (weights)[8 * (i) + 7];                                                      \
        SAFE_RV32_FENCE();                                                                         \
    } while (0)

/** Rescaling of a sum: see safe_rv32_rescale. */
typedef struct safe_rv32_rescale {
    int32_t multiplier; /**< 0 or in [2^30, 2^31). */
    int32_t addend;     /**< 2^(shift - 1) + zero_point * 2^shift */
    int32_t shift;      /**< [1, 30]: right */
} safe_rv32_rescale_t;

/** Limits `value` to [low, high]. */
static inline int32_t safe_rv32_clamp(int32_t value, int32_t low, int32_t high)
{
    value = value < low ? low : value;
    return value > high ? high : value;
}

/** Limits a value to [-limit, limit); one branch where nothing is to be
 * limited. */
static inline int32_t safe_rv32_saturate(int32_t value, int32_t limit)
{
    if (SAFE_UNLIKELY((uint32_t)value + (uint32_t)limit >= 2u * (uint32_t)limit)) {
        value = value < 0 ? -limit : limit - 1;
    }
    return value;
}

/**
 * zero_point + safe_requantize(sum, r.multiplier, -r.shift).
 *
 * The high word of the doubled product, rounded by its lowest fraction bit, is
 * the first rounding; the second is in the addend, one less below 0 so that
 * halves go away from 0.
 * @param sum In (-2^30, 2^30). The generator proves that high word + addend
 * fits 32 bits.
 */
static inline int32_t safe_rv32_rescale(int32_t sum, safe_rv32_rescale_t r)
{
    const int32_t doubled = 2 * sum;
    const int64_t product = (int64_t)doubled * r.multiplier;
    const int32_t high = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
    return (high + r.addend - (doubled < 0 ? 1 : 0)) >> r.shift;
}

/** The rescaling by a multiplier and a right shift in [1, 30], its addend made
 * of `halves`: 1 + twice the zero point.
 */
static inline safe_rv32_rescale_t safe_rv32_rescale_of(int32_t multiplier, int32_t shift,
                                                       int32_t halves)
{
    const safe_rv32_rescale_t rescale = {multiplier, halves * (1 << (shift - 1)), shift};
    return rescale;
}

/** safe_rv32_rescale, limited to int8: for code without registers for other
 * limits. */
static inline int32_t safe_rv32_rescale_s8(int32_t sum, safe_rv32_rescale_t r)
{
    int32_t value = safe_rv32_saturate(safe_rv32_rescale(sum, r), 128);
    SAFE_RV32_WHOLE(value);
    return value;
}

/** Limits `size` values to [low, high] in place: a fused activation that int8
 * alone is not. */
static inline void safe_rv32_clamp_s8(int8_t *values, int32_t size, int32_t low, int32_t high)
{
    for (int32_t k = 0; k < size; k++) {
        values[k] = (int8_t)safe_rv32_clamp(values[k], low, high);
    }
}

#ifdef __cplusplus
}
#endif

#endif
