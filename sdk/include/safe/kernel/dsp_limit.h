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

#ifdef __cplusplus
}
#endif

#endif
