/* SPDX-License-Identifier: Apache-2.0 */
/** @file mve_requantize.h Rescaling of four sums with the two roundings of safe_requantize. */
#ifndef SAFE_KERNEL_MVE_REQUANTIZE_H
#define SAFE_KERNEL_MVE_REQUANTIZE_H

#include <stdint.h>

#include "safe/kernel/mve.h"

#ifdef __cplusplus
extern "C" {
#endif

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

/** safe_mve_requantize with one scale for all lanes; the same bounds. */
static inline safe_mve_s32_t safe_mve_requantize_n(safe_mve_s32_t sum, int32_t multiplier,
                                                   int32_t shift)
{
#if SAFE_MVE
    const safe_mve_s32_t high = vqrdmulhq_n_s32(sum, multiplier);
    return safe_mve_rshl_n(safe_mve_add(high, safe_mve_sign(high)), shift);
#else
    return safe_mve_requantize(sum, safe_mve_dup(multiplier), safe_mve_dup(shift));
#endif
}

#ifdef __cplusplus
}
#endif

#endif
