/* SPDX-License-Identifier: Apache-2.0 */
/** @file dsp_bytes.h Comparisons of four bytes at once: SSUB8 and SEL, see dsp.h. */
#ifndef SAFE_KERNEL_DSP_BYTES_H
#define SAFE_KERNEL_DSP_BYTES_H

#include <stdint.h>

#include "safe/kernel/dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The larger of each two bytes, with their signs. */
static inline uint32_t safe_dsp_max8(uint32_t a, uint32_t b)
{
#if SAFE_DSP
    uint32_t result;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b) : "cc");
    return result;
#else
    uint32_t result = 0;
    for (int32_t bit = 0; bit < 32; bit += 8) {
        const int8_t first = (int8_t)(a >> bit & 0xFFu);
        const int8_t second = (int8_t)(b >> bit & 0xFFu);
        result |= (uint32_t)(uint8_t)(first > second ? first : second) << bit;
    }
    return result;
#endif
}

/** The smaller of each two bytes, with their signs. */
static inline uint32_t safe_dsp_min8(uint32_t a, uint32_t b)
{
#if SAFE_DSP
    uint32_t result;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(result) : "r"(a), "r"(b) : "cc");
    return result;
#else
    return ~safe_dsp_max8(~a, ~b); /* ~x is -1 - x of each byte */
#endif
}

/** Limits `size` values to [low, high] in place: a fused activation that int8 alone is not. */
static inline void safe_dsp_clamp_s8(int8_t *values, int32_t size, int32_t low, int32_t high)
{
    const uint32_t lows = 0x01010101u * (uint8_t)low;
    const uint32_t highs = 0x01010101u * (uint8_t)high;
    for (; size >= 4; size -= 4, values += 4) {
        const uint32_t four = safe_dsp_max8(safe_dsp_load(values), lows);
        safe_dsp_store(values, safe_dsp_min8(four, highs));
    }
    for (int32_t k = 0; k < size; k++) {
        const int32_t value = values[k] < low ? low : values[k];
        values[k] = (int8_t)(value > high ? high : value);
    }
}

#ifdef __cplusplus
}
#endif

#endif
