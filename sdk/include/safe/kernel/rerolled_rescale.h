/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_rescale.h Sums and products of a re-rolled loop as int8, in few instructions:
 * what the shared, dsp and rv32 kernels use; the reference kernels rescale as rerolled_step.h says.
 */
#ifndef SAFE_KERNEL_REROLLED_RESCALE_H
#define SAFE_KERNEL_REROLLED_RESCALE_H

#include <stdint.h>

#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_limit.h"
#include "safe/kernel/rerolled_step.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A safe_rerolled_scale_t in fewer bits. */
typedef struct safe_rerolled_coarse {
    int32_t factor; /**< high / 2, or less of it where `up` is more than needed. */
    int32_t up;     /**< Left shift of a doubled sum, so that a result has 14 fraction bits; at
                     * least 7, as a sum times 256 is what paired rows leave. */
    int32_t start;  /**< Zero point, one half, and how close to a tie the result may be wrong, in
                     * 2^-14. */
    uint32_t doubt; /**< A fraction below this, in 2^-32, may be wrong: twice how close. */
} safe_rerolled_coarse_t;

/** The scale of a product from its three words, as safe_rerolled_scale gives it, in fewer bits. */
static inline safe_rerolled_coarse_t safe_rerolled_coarse(const int32_t *words)
{
    const uint32_t doubt = (uint32_t)words[2] >> 24 << 23;
    const int32_t up = 14 - (words[2] >> 8 & 0xFF);
    const int32_t more = up < 7 ? 7 - up : 0;
    const safe_rerolled_coarse_t coarse = {
        (int32_t)((uint32_t)words[0] >> (1 + more)), up + more,
        (words[2] & 0xFF) * (1 << 14) - (255 << 13) + (int32_t)(doubt >> 19), doubt};
    return coarse;
}

/** safe_rerolled_exact with 14 fraction bits and without TFLM's roundings, where these change
 * nothing: the generator proves that a sum farther from a tie than half of `doubt` rounds alike.
 * Any other is no farther than `doubt` beyond it, as `start` holds that half, too. */
static inline int32_t safe_rerolled_rescale(int32_t twice, uint32_t row, safe_rerolled_coarse_t c,
                                            const safe_rerolled_scale_t *exact)
{
    const int32_t factor = safe_dsp_smmul((int32_t)row, c.factor);
    const int32_t scaled = safe_dsp_smmla((int32_t)((uint32_t)twice << c.up), factor, c.start);
    if ((uint32_t)scaled << 18 < c.doubt) {
        return safe_rerolled_exact(twice, row, exact);
    }
    return safe_dsp_ssat8_q14(scaled);
}

/** How a product of two int8 values less their zero points becomes int8. */
typedef struct safe_rerolled_scaled {
    int32_t multiplier;
    int32_t addend;
    int32_t right;
    int32_t zero_point;
} safe_rerolled_scaled_t;

#if SAFE_DSP
/** Factor on every product: doubling is free in a shifted operand. */
#define SAFE_REROLLED_TIMES 2

/** Unpacks a product's two words: multiplier, and 256 * (right shift less 1) + zero point + 128. */
static inline safe_rerolled_scaled_t safe_rerolled_scaled(const int32_t *words)
{
    const int32_t right = words[1] >> 8;
    const safe_rerolled_scaled_t scaled = {words[0], (2 * (words[1] & 0xFF) - 255) * (1 << right),
                                           right + 1, 0};
    return scaled;
}

/** The product as int8, halves away from zero. */
static inline int32_t safe_rerolled_product(safe_rerolled_scaled_t s, int32_t twice)
{
    return safe_dsp_rescale_s8(twice, s.multiplier, s.addend, s.right);
}
#else
#define SAFE_REROLLED_TIMES 1

/* The high word of the product times 2^15 has 14 bits more than what TFLM's first rounding leaves;
 * both roundings are one with halves of both added, and one of its units less below 0, so that the
 * second's halves go away from 0. The generator keeps right shifts to 17. */
static inline safe_rerolled_scaled_t safe_rerolled_scaled(const int32_t *words)
{
    const int32_t right = (words[1] >> 8) + 1 + 14;
    const safe_rerolled_scaled_t scaled = {words[0], (1 << 13) + (1 << (right - 1)), right,
                                           (words[1] & 0xFF) - 128};
    return scaled;
}

static inline int32_t safe_rerolled_product(safe_rerolled_scaled_t s, int32_t product)
{
    const int32_t high = safe_dsp_smmul(product * (1 << 15), s.multiplier);
    const int32_t rounded = high + s.addend - (product < 0 ? 1 << 14 : 0);
    return safe_dsp_limit((rounded >> s.right) + s.zero_point, INT8_MAX);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
