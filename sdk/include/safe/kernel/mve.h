/* SPDX-License-Identifier: Apache-2.0 */
/** @file mve.h The M-profile vector extension (Helium) of Armv8.1-M: one function for each
 * instruction, on vectors of 128 bits.
 *
 * Where the compiler has no MVE (a host), or with SAFE_MVE_EMULATED, the functions are plain C that
 * gives the same bits, so that every mve kernel is tested on any machine. Source: Armv8-M
 * Architecture Reference Manual, DDI0553, chapter C2. Sums and products wrap; a right shift keeps
 * the sign. Lanes are counted from the lowest address.
 */
#ifndef SAFE_KERNEL_MVE_H
#define SAFE_KERNEL_MVE_H

#include <stdint.h>
#include <string.h>

#include "safe/compiler.h"

#if defined(__ARM_FEATURE_MVE) && !defined(SAFE_MVE_EMULATED)
#define SAFE_MVE 1
#include <arm_mve.h>
#else
#define SAFE_MVE 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a vector. */
#define SAFE_MVE_BYTES 16

/** Lanes of 32 bits. */
#define SAFE_MVE_LANES 4

#if SAFE_MVE
typedef int32x4_t safe_mve_s32_t;
#else
/** Four lanes of 32 bits. */
typedef struct safe_mve_s32 {
    int32_t lane[SAFE_MVE_LANES];
} safe_mve_s32_t;

/** Starts a function that does the same in every lane; `k` counts them. */
#define SAFE_MVE_EACH for (int32_t k = 0; k < SAFE_MVE_LANES; k++)
#endif

/** Four words from any address. */
static inline safe_mve_s32_t safe_mve_load(const int32_t *from)
{
#if SAFE_MVE
    return vldrwq_s32(from);
#else
    safe_mve_s32_t result;
    (void)memcpy(result.lane, from, sizeof result.lane);
    return result;
#endif
}

/** Four int8 from any address, widened. */
static inline safe_mve_s32_t safe_mve_load_s8(const int8_t *from)
{
#if SAFE_MVE
    return vldrbq_s32(from);
#else
    safe_mve_s32_t result;
    SAFE_MVE_EACH result.lane[k] = from[k];
    return result;
#endif
}

/** The first `count` of four int8, widened; 0 in the other lanes. @param count 4 or more: all. */
static inline safe_mve_s32_t safe_mve_load_some_s8(const int8_t *from, int32_t count)
{
#if SAFE_MVE
    return vldrbq_z_s32(from, vctp32q((uint32_t)count));
#else
    safe_mve_s32_t result;
    SAFE_MVE_EACH result.lane[k] = k < count ? from[k] : 0;
    return result;
#endif
}

/** Four words to any address. */
static inline void safe_mve_store(int32_t *to, safe_mve_s32_t value)
{
#if SAFE_MVE
    vstrwq_s32(to, value);
#else
    (void)memcpy(to, value.lane, sizeof value.lane);
#endif
}

/** The low byte of every lane, to any address. */
static inline void safe_mve_store_s8(int8_t *to, safe_mve_s32_t value)
{
#if SAFE_MVE
    vstrbq_s32(to, value);
#else
    SAFE_MVE_EACH to[k] = (int8_t)(uint8_t)((uint32_t)value.lane[k] & 0xFFu);
#endif
}

/** The low bytes of the first `count` lanes. @param count 4 or more: all. */
static inline void safe_mve_store_some_s8(int8_t *to, safe_mve_s32_t value, int32_t count)
{
#if SAFE_MVE
    vstrbq_p_s32(to, value, vctp32q((uint32_t)count));
#else
    SAFE_MVE_EACH
    {
        if (k < count) {
            to[k] = (int8_t)(uint8_t)((uint32_t)value.lane[k] & 0xFFu);
        }
    }
#endif
}

/** The first `count` of four int16, widened; 0 in the other lanes. @param count 4 or more: all. */
static inline safe_mve_s32_t safe_mve_load_some_s16(const int16_t *from, int32_t count)
{
#if SAFE_MVE
    return vldrhq_z_s32(from, vctp32q((uint32_t)count));
#else
    safe_mve_s32_t result;
    SAFE_MVE_EACH result.lane[k] = k < count ? from[k] : 0;
    return result;
#endif
}

/** The low halves of the first `count` lanes. @param count 4 or more: all. */
static inline void safe_mve_store_some_s16(int16_t *to, safe_mve_s32_t value, int32_t count)
{
#if SAFE_MVE
    vstrhq_p_s32(to, value, vctp32q((uint32_t)count));
#else
    SAFE_MVE_EACH
    {
        if (k < count) {
            to[k] = (int16_t)(uint16_t)((uint32_t)value.lane[k] & 0xFFFFu);
        }
    }
#endif
}

/** from[index] in each lane. @param index Number of a word; not negative. */
static inline safe_mve_s32_t safe_mve_gather(const uint32_t *from, safe_mve_s32_t index)
{
#if SAFE_MVE
    return vreinterpretq_s32_u32(
        vldrwq_gather_shifted_offset_u32(from, vreinterpretq_u32_s32(index)));
#else
    SAFE_MVE_EACH index.lane[k] = (int32_t)from[index.lane[k]];
    return index;
#endif
}

/** The same word in every lane. */
static inline safe_mve_s32_t safe_mve_dup(int32_t value)
{
#if SAFE_MVE
    return vdupq_n_s32(value);
#else
    safe_mve_s32_t result;
    SAFE_MVE_EACH result.lane[k] = value;
    return result;
#endif
}

/** a + b */
static inline safe_mve_s32_t safe_mve_add(safe_mve_s32_t a, safe_mve_s32_t b)
{
#if SAFE_MVE
    return vaddq_s32(a, b);
#else
    SAFE_MVE_EACH a.lane[k] = (int32_t)((uint32_t)a.lane[k] + (uint32_t)b.lane[k]);
    return a;
#endif
}

/** a + b, the same b for every lane. */
static inline safe_mve_s32_t safe_mve_add_n(safe_mve_s32_t a, int32_t b)
{
#if SAFE_MVE
    return vaddq_n_s32(a, b);
#else
    return safe_mve_add(a, safe_mve_dup(b));
#endif
}

/** a + b, limited to 32 bits. */
static inline safe_mve_s32_t safe_mve_qadd(safe_mve_s32_t a, safe_mve_s32_t b)
{
#if SAFE_MVE
    return vqaddq_s32(a, b);
#else
    SAFE_MVE_EACH
    {
        const int64_t sum = (int64_t)a.lane[k] + b.lane[k];
        a.lane[k] = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
    }
    return a;
#endif
}

/** a * b */
static inline safe_mve_s32_t safe_mve_mul(safe_mve_s32_t a, safe_mve_s32_t b)
{
#if SAFE_MVE
    return vmulq_s32(a, b);
#else
    SAFE_MVE_EACH a.lane[k] = (int32_t)((uint32_t)a.lane[k] * (uint32_t)b.lane[k]);
    return a;
#endif
}

/** a * b, the same b for every lane. */
static inline safe_mve_s32_t safe_mve_mul_n(safe_mve_s32_t a, int32_t b)
{
#if SAFE_MVE
    return vmulq_n_s32(a, b);
#else
    return safe_mve_mul(a, safe_mve_dup(b));
#endif
}

/** sum + a * b, the same b for every lane. */
static inline safe_mve_s32_t safe_mve_mla_n(safe_mve_s32_t sum, safe_mve_s32_t a, int32_t b)
{
#if SAFE_MVE
    return vmlaq_n_s32(sum, a, b);
#else
    return safe_mve_add(sum, safe_mve_mul_n(a, b));
#endif
}

/** The magnitude. @param a Not INT32_MIN. */
static inline safe_mve_s32_t safe_mve_abs(safe_mve_s32_t a)
{
#if SAFE_MVE
    return vabsq_s32(a);
#else
    SAFE_MVE_EACH a.lane[k] = a.lane[k] < 0 ? -a.lane[k] : a.lane[k];
    return a;
#endif
}

/** Bits that differ. */
static inline safe_mve_s32_t safe_mve_xor(safe_mve_s32_t a, safe_mve_s32_t b)
{
#if SAFE_MVE
    return veorq_s32(a, b);
#else
    SAFE_MVE_EACH a.lane[k] = (int32_t)((uint32_t)a.lane[k] ^ (uint32_t)b.lane[k]);
    return a;
#endif
}

/** The low half of each lane, not negative. */
static inline safe_mve_s32_t safe_mve_low_u16(safe_mve_s32_t a)
{
#if SAFE_MVE
    return vreinterpretq_s32_u32(vmovlbq_u16(vreinterpretq_u16_s32(a)));
#else
    SAFE_MVE_EACH a.lane[k] = (int32_t)((uint32_t)a.lane[k] & 0xFFFFu);
    return a;
#endif
}

/** The high half of each lane, with its sign. */
static inline safe_mve_s32_t safe_mve_high_s16(safe_mve_s32_t a)
{
#if SAFE_MVE
    return vmovltq_s16(vreinterpretq_s16_s32(a));
#else
    SAFE_MVE_EACH a.lane[k] >>= 16;
    return a;
#endif
}

/** a / 2^bits, rounded down. @param bits A constant in [1, 32). */
#if SAFE_MVE
#define SAFE_MVE_SHR(a, bits) vshrq_n_s32(a, bits)
#else
#define SAFE_MVE_SHR(a, bits) safe_mve_shr(a, bits)
static inline safe_mve_s32_t safe_mve_shr(safe_mve_s32_t a, int32_t bits)
{
    // cppcheck-suppress shiftTooManyBitsSigned ; GCC and clang shift in copies of the sign
    SAFE_MVE_EACH a.lane[k] >>= bits;
    return a;
}
#endif

/** round(a / 2^bits), halves up. @param bits A constant in [1, 32). */
#if SAFE_MVE
#define SAFE_MVE_RSHR(a, bits) vrshrq_n_s32(a, bits)
#else
#define SAFE_MVE_RSHR(a, bits) safe_mve_rshr(a, bits)
static inline safe_mve_s32_t safe_mve_rshr(safe_mve_s32_t a, int32_t bits)
{
    SAFE_MVE_EACH a.lane[k] = (int32_t)((a.lane[k] + ((int64_t)1 << (bits - 1))) >> bits);
    return a;
}
#endif

/** -1 where a is negative, 0 elsewhere. */
static inline safe_mve_s32_t safe_mve_sign(safe_mve_s32_t a)
{
    return SAFE_MVE_SHR(a, 31);
}

/** a * 2^16, limited to 32 bits. */
static inline safe_mve_s32_t safe_mve_qshl16(safe_mve_s32_t a)
{
#if SAFE_MVE
    return vqshlq_n_s32(a, 16);
#else
    SAFE_MVE_EACH
    {
        const int64_t value = (int64_t)a.lane[k] * 65536;
        a.lane[k] = value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
    }
    return a;
#endif
}

/** The larger of both. */
static inline safe_mve_s32_t safe_mve_max(safe_mve_s32_t a, safe_mve_s32_t b)
{
#if SAFE_MVE
    return vmaxq_s32(a, b);
#else
    SAFE_MVE_EACH a.lane[k] = a.lane[k] > b.lane[k] ? a.lane[k] : b.lane[k];
    return a;
#endif
}

/** The smaller of both. */
static inline safe_mve_s32_t safe_mve_min(safe_mve_s32_t a, safe_mve_s32_t b)
{
#if SAFE_MVE
    return vminq_s32(a, b);
#else
    SAFE_MVE_EACH a.lane[k] = a.lane[k] < b.lane[k] ? a.lane[k] : b.lane[k];
    return a;
#endif
}

/** VQRDMULH: round(a * b / 2^31), halves up. @param b Not INT32_MIN: then nothing saturates. */
static inline safe_mve_s32_t safe_mve_qrdmulh(safe_mve_s32_t a, safe_mve_s32_t b)
{
#if SAFE_MVE
    return vqrdmulhq_s32(a, b);
#else
    SAFE_MVE_EACH a.lane[k] =
        (int32_t)(((int64_t)a.lane[k] * b.lane[k] + ((int64_t)1 << 30)) >> 31);
    return a;
#endif
}

/** VRSHL with a negative shift: round(a / 2^-shift), halves up. @param shift [-31, 0] per lane. */
static inline safe_mve_s32_t safe_mve_rshl(safe_mve_s32_t a, safe_mve_s32_t shift)
{
#if SAFE_MVE
    return vrshlq_s32(a, shift);
#else
    SAFE_MVE_EACH
    {
        const int64_t half = ((int64_t)1 << -shift.lane[k]) >> 1;
        a.lane[k] = (int32_t)((a.lane[k] + half) >> -shift.lane[k]);
    }
    return a;
#endif
}

/** safe_mve_rshl with one shift for all lanes. */
static inline safe_mve_s32_t safe_mve_rshl_n(safe_mve_s32_t a, int32_t shift)
{
#if SAFE_MVE
    return vrshlq_n_s32(a, shift);
#else
    return safe_mve_rshl(a, safe_mve_dup(shift));
#endif
}

#ifdef __cplusplus
}
#endif

#endif
