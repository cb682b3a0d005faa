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

/** The low bytes of the first `count` lanes. @param count [1, 4] */
static inline void safe_mve_store_some_s8(int8_t *to, safe_mve_s32_t value, int32_t count)
{
#if SAFE_MVE
    vstrbq_p_s32(to, value, vctp32q((uint32_t)count));
#else
    for (int32_t k = 0; k < count; k++) {
        to[k] = (int8_t)(uint8_t)((uint32_t)value.lane[k] & 0xFFu);
    }
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

/** -1 where a is negative, 0 elsewhere. */
static inline safe_mve_s32_t safe_mve_sign(safe_mve_s32_t a)
{
#if SAFE_MVE
    return vshrq_n_s32(a, 31);
#else
    SAFE_MVE_EACH a.lane[k] >>= 31;
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

/**
 * safe_requantize of four sums, each with its own scale; exact.
 *
 * @param multiplier 0 or in [2^30, 2^31). @param shift [-31, -1]: right.
 *
 * VQRDMULH is safe_multiply_high. VRSHL rounds halves up, safe_shift_right_rounding away from
 * zero: with r the low e bits of h, the latter adds 1 to h >> e where r >= 2^(e-1), and for a
 * negative h where r >= 2^(e-1) + 1. Less 1, a negative h has r - 1 in the place of r: where r >= 1
 * that is the same condition, and where r = 0 the borrow takes 1 off h >> e, which half an LSB,
 * 2^(e-1) >= 1, gives back. So it takes e >= 1. |h| <= |sum| * (1 - 2^-31) + 1/2 is below 2^31, and
 * h - 1 fits.
 */
static inline safe_mve_s32_t safe_mve_requantize(safe_mve_s32_t sum, safe_mve_s32_t multiplier,
                                                 safe_mve_s32_t shift)
{
    const safe_mve_s32_t high = safe_mve_qrdmulh(sum, multiplier);
    return safe_mve_rshl(safe_mve_add(high, safe_mve_sign(high)), shift);
}

/** Copies `length` >= 0 bytes between places that do not overlap. */
static inline void safe_mve_copy(int8_t *to, const int8_t *from, int32_t length)
{
#if SAFE_MVE
    uint8x16_t bytes;
    __asm__ volatile("wlstp.8 lr, %[length], 2f\n"
                     "1:\n\t"
                     "vldrb.8 %q[bytes], [%[from]], #16\n\t"
                     "vstrb.8 %q[bytes], [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to), [from] "+r"(from), [bytes] "=&w"(bytes)
                     : [length] "r"(length)
                     : "lr", "memory", "cc");
#else
    (void)memcpy(to, from, (size_t)length);
#endif
}

/** Sets `length` >= 0 bytes to `value`. */
static inline void safe_mve_fill(int8_t *to, int32_t value, int32_t length)
{
#if SAFE_MVE
    __asm__ volatile("wlstp.8 lr, %[length], 2f\n"
                     "1:\n\t"
                     "vstrb.8 %q[bytes], [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to)
                     : [length] "r"(length), [bytes] "w"(vdupq_n_s8((int8_t)value))
                     : "lr", "memory", "cc");
#else
    (void)memset(to, value, (size_t)length);
#endif
}

#ifdef __cplusplus
}
#endif

#endif
