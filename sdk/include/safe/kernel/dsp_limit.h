/* SPDX-License-Identifier: Apache-2.0 */
/** @file dsp_limit.h A shift and a limit in one instruction: SSAT and USAT, see dsp.h. */
#ifndef SAFE_KERNEL_DSP_LIMIT_H
#define SAFE_KERNEL_DSP_LIMIT_H

#include <stdint.h>

#include "safe/kernel/dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** floor(value / 2), limited to int8. */
static inline int32_t safe_dsp_ssat8_q1(int32_t value)
{
#if SAFE_DSP
    int32_t result;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(result) : "r"(value));
    return result;
#else
    return safe_dsp_limit(value >> 1, INT8_MAX);
#endif
}

/** floor(value / 2^14), limited to int8. */
static inline int32_t safe_dsp_ssat8_q14(int32_t value)
{
#if SAFE_DSP
    int32_t result;
    __asm__("ssat %0, #8, %1, asr #14" : "=r"(result) : "r"(value));
    return result;
#else
    return safe_dsp_limit(value >> 14, INT8_MAX);
#endif
}

/** floor(value / 2^20), limited to int8. */
static inline int32_t safe_dsp_ssat8_q20(int32_t value)
{
#if SAFE_DSP
    int32_t result;
    __asm__("ssat %0, #8, %1, asr #20" : "=r"(result) : "r"(value));
    return result;
#else
    return safe_dsp_limit(value >> 20, INT8_MAX);
#endif
}

/** floor(value / 2^21), limited to int8. */
static inline int32_t safe_dsp_ssat8_q21(int32_t value)
{
#if SAFE_DSP
    int32_t result;
    __asm__("ssat %0, #8, %1, asr #21" : "=r"(result) : "r"(value));
    return result;
#else
    return safe_dsp_limit(value >> 21, INT8_MAX);
#endif
}

/** Limits both halves, each an int16, to [0, 255]. */
static inline uint32_t safe_dsp_usat16_8(uint32_t x)
{
#if SAFE_DSP
    uint32_t result;
    __asm__("usat16 %0, #8, %1" : "=r"(result) : "r"(x));
    return result;
#else
    int32_t low = safe_dsp_low(x);
    int32_t high = safe_dsp_high(x);
    low = low < 0 ? 0 : low;
    high = high < 0 ? 0 : high;
    return (uint32_t)(low > 255 ? 255 : low) | (uint32_t)(high > 255 ? 255 : high) << 16;
#endif
}

/** Limits to 19 bits with sign. */
static inline int32_t safe_dsp_ssat19(int32_t value)
{
#if SAFE_DSP
    int32_t result;
    __asm__("ssat %0, #19, %1" : "=r"(result) : "r"(value));
    return result;
#else
    return safe_dsp_limit(value, ((int32_t)1 << 18) - 1);
#endif
}

/** floor(value / 2^17), limited to [0, 1023]. */
static inline uint32_t safe_dsp_usat10_q17(int32_t value)
{
#if SAFE_DSP
    uint32_t result;
    __asm__("usat %0, #10, %1, asr #17" : "=r"(result) : "r"(value));
    return result;
#else
    value >>= 17;
    if ((uint32_t)value > 1023u) {
        value = value < 0 ? 0 : 1023;
    }
    return (uint32_t)value;
#endif
}

/** floor(value / 2^21), limited to [0, 255]. */
static inline uint32_t safe_dsp_usat8_q21(int32_t value)
{
#if SAFE_DSP
    uint32_t result;
    __asm__("usat %0, #8, %1, asr #21" : "=r"(result) : "r"(value));
    return result;
#else
    value >>= 21;
    if ((uint32_t)value > 255u) {
        value = value < 0 ? 0 : 255;
    }
    return (uint32_t)value;
#endif
}

/** `value`, negated where `sign` is negative; not INT32_MIN. */
static inline int32_t safe_dsp_with_sign(int32_t value, int32_t sign)
{
#if SAFE_DSP
    int32_t result;
    __asm__("eor %0, %1, %2, asr #31\n\tsub %0, %0, %2, asr #31"
            : "=&r"(result)
            : "r"(value), "r"(sign));
    return result;
#else
    return sign < 0 ? -value : value;
#endif
}

/** x.low * y.low */
static inline int32_t safe_dsp_smulbb(uint32_t x, uint32_t y)
{
#if SAFE_DSP
    int32_t result;
    __asm__("smulbb %0, %1, %2" : "=r"(result) : "r"(x), "r"(y));
    return result;
#else
    return safe_dsp_low(x) * safe_dsp_low(y);
#endif
}

/** x.high * y.low */
static inline int32_t safe_dsp_smultb(uint32_t x, uint32_t y)
{
#if SAFE_DSP
    int32_t result;
    __asm__("smultb %0, %1, %2" : "=r"(result) : "r"(x), "r"(y));
    return result;
#else
    return safe_dsp_high(x) * safe_dsp_low(y);
#endif
}

/** x.high * y.high */
static inline int32_t safe_dsp_smultt(uint32_t x, uint32_t y)
{
#if SAFE_DSP
    int32_t result;
    __asm__("smultt %0, %1, %2" : "=r"(result) : "r"(x), "r"(y));
    return result;
#else
    return safe_dsp_high(x) * safe_dsp_high(y);
#endif
}

#ifdef __cplusplus
}
#endif

#endif
