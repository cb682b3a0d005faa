/* SPDX-License-Identifier: Apache-2.0 */
/** @file mve_high.h High words of products, shifts to the left and a comparison, see mve.h. */
#ifndef SAFE_KERNEL_MVE_HIGH_H
#define SAFE_KERNEL_MVE_HIGH_H

#include <stdint.h>

#include "safe/kernel/mve.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Four int16 from any address, widened. */
static inline safe_mve_s32_t safe_mve_load_s16(const int16_t *from)
{
#if SAFE_MVE
    return vldrhq_s32(from);
#else
    int16_t four[SAFE_MVE_LANES];
    safe_mve_s32_t result;
    (void)memcpy(four, from, sizeof four);
    SAFE_MVE_EACH result.lane[k] = four[k];
    return result;
#endif
}

/** floor(a * b / 2^32) */
static inline safe_mve_s32_t safe_mve_mulh(safe_mve_s32_t a, safe_mve_s32_t b)
{
#if SAFE_MVE
    return vmulhq_s32(a, b);
#else
    SAFE_MVE_EACH a.lane[k] = (int32_t)(((int64_t)a.lane[k] * b.lane[k]) >> 32);
    return a;
#endif
}

/** a * 2^bits. @param bits [0, 31] */
static inline safe_mve_s32_t safe_mve_shl_n(safe_mve_s32_t a, int32_t bits)
{
#if SAFE_MVE
    return vshlq_r_s32(a, bits);
#else
    SAFE_MVE_EACH a.lane[k] = (int32_t)((uint32_t)a.lane[k] << bits);
    return a;
#endif
}

/** Whether any lane, as a number without sign, is below `limit`. */
static inline int safe_mve_any_below(safe_mve_s32_t a, uint32_t limit)
{
#if SAFE_MVE
    return vcmpcsq_n_u32(vreinterpretq_u32_s32(a), limit) != 0xFFFFu;
#else
    int found = 0;
    SAFE_MVE_EACH found |= (uint32_t)a.lane[k] < limit;
    return found;
#endif
}

#ifdef __cplusplus
}
#endif

#endif
