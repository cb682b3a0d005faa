/* SPDX-License-Identifier: Apache-2.0 */
/** @file mve_s8.h Vectors of 16 int8 and of 8 int16, see mve.h. */
#ifndef SAFE_KERNEL_MVE_S8_H
#define SAFE_KERNEL_MVE_S8_H

#include <stdint.h>

#include "safe/kernel/mve.h"

#ifdef __cplusplus
extern "C" {
#endif

#if SAFE_MVE
typedef int8x16_t safe_mve_s8_t;
typedef int16x8_t safe_mve_s16_t;
#else
/** Sixteen lanes of 8 bits. */
typedef struct safe_mve_s8 {
    int8_t lane[16];
} safe_mve_s8_t;

/** Eight lanes of 16 bits. */
typedef struct safe_mve_s16 {
    int16_t lane[8];
} safe_mve_s16_t;

/** Keeps 16 bits of a number. */
static inline int16_t safe_mve_wrap16(int32_t value)
{
    return (int16_t)(uint16_t)((uint32_t)value & 0xFFFFu);
}

/** Limits a number to [low, high]. */
static inline int32_t safe_mve_limit(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}
#endif

/** Sixteen int8 from any address. */
static inline safe_mve_s8_t safe_mve_load16(const int8_t *from)
{
#if SAFE_MVE
    return vldrbq_s8(from);
#else
    safe_mve_s8_t result;
    (void)memcpy(result.lane, from, sizeof result.lane);
    return result;
#endif
}

/** Sixteen int8 to any address. */
static inline void safe_mve_store16(int8_t *to, safe_mve_s8_t value)
{
#if SAFE_MVE
    vstrbq_s8(to, value);
#else
    (void)memcpy(to, value.lane, sizeof value.lane);
#endif
}

/** Products of the even lanes. */
static inline safe_mve_s16_t safe_mve_mul_even(safe_mve_s8_t a, safe_mve_s8_t b)
{
#if SAFE_MVE
    return vmullbq_int_s8(a, b);
#else
    safe_mve_s16_t result;
    for (int32_t k = 0; k < 8; k++) {
        result.lane[k] = (int16_t)(a.lane[2 * k] * b.lane[2 * k]);
    }
    return result;
#endif
}

/** Products of the odd lanes. */
static inline safe_mve_s16_t safe_mve_mul_odd(safe_mve_s8_t a, safe_mve_s8_t b)
{
#if SAFE_MVE
    return vmulltq_int_s8(a, b);
#else
    safe_mve_s16_t result;
    for (int32_t k = 0; k < 8; k++) {
        result.lane[k] = (int16_t)(a.lane[2 * k + 1] * b.lane[2 * k + 1]);
    }
    return result;
#endif
}

/** a + b in each lane of 16 bits. */
static inline safe_mve_s16_t safe_mve_add_s16(safe_mve_s16_t a, safe_mve_s16_t b)
{
#if SAFE_MVE
    return vaddq_s16(a, b);
#else
    for (int32_t k = 0; k < 8; k++) {
        a.lane[k] = safe_mve_wrap16(a.lane[k] + b.lane[k]);
    }
    return a;
#endif
}

/** a + b, the same b for every lane, limited to int16. */
static inline safe_mve_s16_t safe_mve_qadd_n_s16(safe_mve_s16_t a, int32_t b)
{
#if SAFE_MVE
    return vqaddq_n_s16(a, (int16_t)b);
#else
    for (int32_t k = 0; k < 8; k++) {
        a.lane[k] = (int16_t)safe_mve_limit(a.lane[k] + b, INT16_MIN, INT16_MAX);
    }
    return a;
#endif
}

/** sum + the even lanes of a, widened. */
static inline safe_mve_s32_t safe_mve_add_even(safe_mve_s32_t sum, safe_mve_s16_t a)
{
#if SAFE_MVE
    return vaddq_s32(sum, vmovlbq_s16(a));
#else
    safe_mve_s32_t wide;
    SAFE_MVE_EACH wide.lane[k] = a.lane[2 * k];
    return safe_mve_add(sum, wide);
#endif
}

/** sum + the odd lanes of a, widened. */
static inline safe_mve_s32_t safe_mve_add_odd(safe_mve_s32_t sum, safe_mve_s16_t a)
{
#if SAFE_MVE
    return vaddq_s32(sum, vmovltq_s16(a));
#else
    safe_mve_s32_t wide;
    SAFE_MVE_EACH wide.lane[k] = a.lane[2 * k + 1];
    return safe_mve_add(sum, wide);
#endif
}

/** Lanes of both, limited to int16: the even lanes of the result are from the first. */
static inline safe_mve_s16_t safe_mve_narrow16(safe_mve_s32_t even, safe_mve_s32_t odd)
{
#if SAFE_MVE
    return vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(even), even), odd);
#else
    safe_mve_s16_t result;
    for (int32_t k = 0; k < 4; k++) {
        result.lane[2 * k] = (int16_t)safe_mve_limit(even.lane[k], INT16_MIN, INT16_MAX);
        result.lane[2 * k + 1] = (int16_t)safe_mve_limit(odd.lane[k], INT16_MIN, INT16_MAX);
    }
    return result;
#endif
}

/** Lanes of both, limited to int8: the even lanes of the result are from the first. */
static inline safe_mve_s8_t safe_mve_narrow8(safe_mve_s16_t even, safe_mve_s16_t odd)
{
#if SAFE_MVE
    return vqmovntq_s16(vqmovnbq_s16(vreinterpretq_s8_s16(even), even), odd);
#else
    safe_mve_s8_t result;
    for (int32_t k = 0; k < 8; k++) {
        result.lane[2 * k] = (int8_t)safe_mve_limit(even.lane[k], INT8_MIN, INT8_MAX);
        result.lane[2 * k + 1] = (int8_t)safe_mve_limit(odd.lane[k], INT8_MIN, INT8_MAX);
    }
    return result;
#endif
}

/** Each lane of 8 bits limited to [low, high]. */
static inline safe_mve_s8_t safe_mve_clamp_s8(safe_mve_s8_t a, int32_t low, int32_t high)
{
#if SAFE_MVE
    return vminq_s8(vmaxq_s8(a, vdupq_n_s8((int8_t)low)), vdupq_n_s8((int8_t)high));
#else
    for (int32_t k = 0; k < SAFE_MVE_BYTES; k++) {
        a.lane[k] = (int8_t)safe_mve_limit(a.lane[k], low, high);
    }
    return a;
#endif
}

#ifdef __cplusplus
}
#endif

#endif
