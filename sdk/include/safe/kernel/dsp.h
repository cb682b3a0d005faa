/* SPDX-License-Identifier: Apache-2.0 */
/** @file dsp.h The DSP extension of ARMv7E-M and ARMv8-M: one function for each instruction.
 *
 * Where the compiler has no DSP extension (a host), or with SAFE_DSP_EMULATED, the functions are
 * plain C that gives the same bits, so that every dsp kernel is tested on any machine. Source:
 * Arm v7-M Architecture Reference Manual, DDI0403E, section A7.7. Halves are signed; sums wrap
 * modulo 2^32. Wrapped in assembly where GCC 12 has no intrinsic that gives the one instruction.
 */
#ifndef SAFE_KERNEL_DSP_H
#define SAFE_KERNEL_DSP_H

#include <stdint.h>
#include <string.h>

#include "safe/compiler.h"

#if defined(__ARM_FEATURE_DSP) && !defined(SAFE_DSP_EMULATED)
#define SAFE_DSP 1
#include <arm_acle.h>
#else
#define SAFE_DSP 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Sum of any two words, modulo 2^32. */
static inline int32_t safe_dsp_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/** Low half of a word, with its sign. */
static inline int32_t safe_dsp_low(uint32_t x)
{
    return (int16_t)(x & 0xFFFFu);
}

/** High half of a word, with its sign. */
static inline int32_t safe_dsp_high(uint32_t x)
{
    return (int16_t)(x >> 16);
}

/** sum + x.low * y.low + x.high * y.high */
static inline int32_t safe_dsp_smlad(uint32_t x, uint32_t y, int32_t sum)
{
#if SAFE_DSP
    return __smlad((int16x2_t)x, (int16x2_t)y, sum);
#else
    sum = safe_dsp_add(sum, safe_dsp_low(x) * safe_dsp_low(y));
    return safe_dsp_add(sum, safe_dsp_high(x) * safe_dsp_high(y));
#endif
}

/** Bytes 0 and 2 as the two halves. */
static inline uint32_t safe_dsp_sxtb16(uint32_t x)
{
#if SAFE_DSP
    return (uint32_t)__sxtb16((int8x4_t)x);
#else
    const uint32_t low = (uint32_t)(int32_t)(int8_t)(x & 0xFFu) & 0xFFFFu;
    return low | (uint32_t)(int32_t)(int8_t)((x >> 16) & 0xFFu) << 16;
#endif
}

/** Bytes 1 and 3 as the two halves. */
static inline uint32_t safe_dsp_sxtb16_odd(uint32_t x)
{
#if SAFE_DSP
    uint32_t result;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(x));
    return result;
#else
    return safe_dsp_sxtb16(x >> 8);
#endif
}

/** Sums of the low and of the high halves, each modulo 2^16. */
static inline uint32_t safe_dsp_sadd16(uint32_t a, uint32_t b)
{
#if SAFE_DSP
    return (uint32_t)__sadd16((int16x2_t)a, (int16x2_t)b);
#else
    return ((a + b) & 0xFFFFu) | ((a >> 16) + (b >> 16)) << 16;
#endif
}

/** Limits to [-high - 1, high]: what SSAT does where it is not there. */
static inline int32_t safe_dsp_limit(int32_t value, int32_t high)
{
    if (SAFE_UNLIKELY((uint32_t)value + (uint32_t)high + 1u > 2u * (uint32_t)high + 1u)) {
        value = value < 0 ? -high - 1 : high;
    }
    return value;
}

/** Sums of the low and of the high halves, each limited to int16. */
static inline uint32_t safe_dsp_qadd16(uint32_t a, uint32_t b)
{
#if SAFE_DSP
    return (uint32_t)__qadd16((int16x2_t)a, (int16x2_t)b);
#else
    const int32_t low = safe_dsp_limit(safe_dsp_low(a) + safe_dsp_low(b), INT16_MAX);
    const int32_t high = safe_dsp_limit(safe_dsp_high(a) + safe_dsp_high(b), INT16_MAX);
    return ((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16;
#endif
}

/** Bytes 0 and 2 of x added to the halves of a. */
static inline uint32_t safe_dsp_sxtab16(uint32_t a, uint32_t x)
{
#if SAFE_DSP
    return (uint32_t)__sxtab16((int16x2_t)a, (int8x4_t)x);
#else
    return safe_dsp_sadd16(a, safe_dsp_sxtb16(x));
#endif
}

/** Bytes 1 and 3 of x added to the halves of a. */
static inline uint32_t safe_dsp_sxtab16_odd(uint32_t a, uint32_t x)
{
#if SAFE_DSP
    uint32_t result;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(a), "r"(x));
    return result;
#else
    return safe_dsp_sadd16(a, safe_dsp_sxtb16_odd(x));
#endif
}

/** round(a * b / 2^32), halves up, plus c. */
static inline int32_t safe_dsp_smmlar(int32_t a, int32_t b, int32_t c)
{
#if SAFE_DSP
    int32_t result;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(c));
    return result;
#else
    const int64_t product = (int64_t)a * b;
    return safe_dsp_add((int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31), c);
#endif
}

/** floor(a * b / 2^32) */
static inline int32_t safe_dsp_smmul(int32_t a, int32_t b)
{
#if SAFE_DSP
    int32_t result;
    __asm__("smmul %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
#else
    return (int32_t)(((int64_t)a * b) >> 32);
#endif
}

/** round(a * b / 2^32), halves up. */
static inline int32_t safe_dsp_smmulr(int32_t a, int32_t b)
{
#if SAFE_DSP
    int32_t result;
    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
#else
    return safe_dsp_smmlar(a, b, 0);
#endif
}

/** sum + x.low * y.low */
static inline int32_t safe_dsp_smlabb(int32_t x, int32_t y, int32_t sum)
{
#if SAFE_DSP
    return __smlabb(x, y, sum);
#else
    return safe_dsp_add(sum, safe_dsp_low((uint32_t)x) * safe_dsp_low((uint32_t)y));
#endif
}

/** sum + x.low * y.high */
static inline int32_t safe_dsp_smlabt(int32_t x, int32_t y, int32_t sum)
{
#if SAFE_DSP
    return __smlabt(x, y, sum);
#else
    return safe_dsp_add(sum, safe_dsp_low((uint32_t)x) * safe_dsp_high((uint32_t)y));
#endif
}

/** sum + x.high * y.low */
static inline int32_t safe_dsp_smlatb(int32_t x, int32_t y, int32_t sum)
{
    return safe_dsp_smlabt(y, x, sum);
}

/** sum + x.high * y.high */
static inline int32_t safe_dsp_smlatt(int32_t x, int32_t y, int32_t sum)
{
#if SAFE_DSP
    return __smlatt(x, y, sum);
#else
    return safe_dsp_add(sum, safe_dsp_high((uint32_t)x) * safe_dsp_high((uint32_t)y));
#endif
}

/** floor(a * b / 2^32) plus c. */
static inline int32_t safe_dsp_smmla(int32_t a, int32_t b, int32_t c)
{
#if SAFE_DSP
    int32_t result;
    __asm__("smmla %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(c));
    return result;
#else
    return safe_dsp_add((int32_t)(((int64_t)a * b) >> 32), c);
#endif
}

/** sum + floor(x * y.low / 2^16) */
static inline int32_t safe_dsp_smlawb(int32_t x, uint32_t y, int32_t sum)
{
#if SAFE_DSP
    return __smlawb(x, (int32_t)y, sum);
#else
    return safe_dsp_smmla(x, (int32_t)(y << 16), sum);
#endif
}

/** sum + floor(x * y.high / 2^16) */
static inline int32_t safe_dsp_smlawt(int32_t x, uint32_t y, int32_t sum)
{
#if SAFE_DSP
    return __smlawt(x, (int32_t)y, sum);
#else
    return safe_dsp_smmla(x, (int32_t)(y & 0xFFFF0000u), sum);
#endif
}

/** low.low in the low half, high.low in the high half. */
static inline uint32_t safe_dsp_pkhbt(uint32_t low, uint32_t high)
{
#if SAFE_DSP
    uint32_t result;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(result) : "r"(low), "r"(high));
    return result;
#else
    return (low & 0xFFFFu) | high << 16;
#endif
}

/** low.high in the low half, high.high in the high half. */
static inline uint32_t safe_dsp_pkhtb(uint32_t high, uint32_t low)
{
#if SAFE_DSP
    uint32_t result;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(result) : "r"(high), "r"(low));
    return result;
#else
    return (high & 0xFFFF0000u) | low >> 16;
#endif
}

/** Limits to int8. */
static inline int32_t safe_dsp_ssat8(int32_t value)
{
#if SAFE_DSP
    int32_t result;
    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(value));
    return result;
#else
    return safe_dsp_limit(value, INT8_MAX);
#endif
}

/** Limits to int16. */
static inline int32_t safe_dsp_ssat16(int32_t value)
{
#if SAFE_DSP
    int32_t result;
    __asm__("ssat %0, #16, %1" : "=r"(result) : "r"(value));
    return result;
#else
    return safe_dsp_limit(value, INT16_MAX);
#endif
}

/** Limits twice a value to 18 bits with sign. @param value |value| < 2^30 */
static inline int32_t safe_dsp_ssat18_double(int32_t value)
{
#if SAFE_DSP
    int32_t result;
    __asm__("ssat %0, #18, %1, lsl #1" : "=r"(result) : "r"(value));
    return result;
#else
    return safe_dsp_limit(2 * value, ((int32_t)1 << 17) - 1);
#endif
}

/** Keeps the scheduler from mixing independent blocks, which would spill. No instruction. */
#define SAFE_DSP_FENCE() __asm__ volatile("" ::: "memory")

/** Makes the compiler forget where a value came from. No instruction. */
#define SAFE_DSP_OPAQUE(value) __asm__("" : "+r"(value))

/** Four bytes from any address: one load, aligned or not. */
static inline uint32_t safe_dsp_load(const void *from)
{
    uint32_t value;
    (void)memcpy(&value, from, sizeof value);
    return value;
}

/** Four bytes to any address. */
static inline void safe_dsp_store(void *to, uint32_t value)
{
    (void)memcpy(to, &value, sizeof value);
}

/** Loads *from and from[1] from words; GCC 12 does not form LDRD by itself here. */
#if SAFE_DSP
#define SAFE_DSP_LOAD_PAIR(first, second, from)                                                    \
    __asm__("ldrd %0, %1, %2" : "=r"(first), "=r"(second) : "m"(*(const uint32_t(*)[2])(from)))
#else
#define SAFE_DSP_LOAD_PAIR(first, second, from) ((first) = (from)[0], (second) = (from)[1])
#endif

/** Stores two words to `to` and to[1]. */
#if SAFE_DSP
#define SAFE_DSP_STORE_PAIR(to, first, second)                                                     \
    __asm__("strd %1, %2, %0" : "=m"(*(uint32_t(*)[2])(to)) : "r"(first), "r"(second))
#else
#define SAFE_DSP_STORE_PAIR(to, first, second) ((to)[0] = (first), (to)[1] = (second))
#endif

/** Rescaling of a sum to an output: see safe_dsp_rescale. */
typedef struct safe_dsp_rescale {
    int32_t multiplier; /**< 0 or in [2^30, 2^31) */
    int32_t addend;     /**< (1 << (shift - 1)) + (zero point << shift) */
    int32_t shift;      /**< [1, 30]: right */
} safe_dsp_rescale_t;

/** 32-bit words of a safe_dsp_rescale_t in a constant array. */
#define SAFE_DSP_RESCALE_WORDS 3

/**
 * safe_requantize(sum, multiplier, -shift) + zero point, of which the addend is made; exact.
 *
 * @param doubled 2 * sum with |sum| < 2^30. SMMLAR rounds doubled * multiplier / 2^32 halves up,
 * as safe_multiply_high does. Right shift of halves away from zero: one less for negative values
 * before half an LSB is added; where the product rounds to 0, the sign of the sum changes nothing.
 * The generator proves that |product| + |addend| + 1 < 2^31.
 */
static inline int32_t safe_dsp_rescale(int32_t doubled, int32_t multiplier, int32_t addend,
                                       int32_t shift)
{
    return (safe_dsp_smmlar(doubled, multiplier, addend) - (doubled < 0 ? 1 : 0)) >> shift;
}

/** safe_dsp_rescale, limited to int8. */
static inline int8_t safe_dsp_rescale_s8(int32_t doubled, int32_t multiplier, int32_t addend,
                                         int32_t shift)
{
    return (int8_t)safe_dsp_ssat8(safe_dsp_rescale(doubled, multiplier, addend, shift));
}

#ifdef __cplusplus
}
#endif

#endif
