/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_rerolled_dsp.c A matrix product in tiles of eight rows. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dense_rerolled_dsp.h"

#include "safe/compiler.h"

SAFE_NOINLINE void safe_dsp_dense_rerolled(const safe_dense_rerolled_t *dense, const int32_t *words,
                                           int32_t tiles, int8_t *output)
{
    const safe_rerolled_scale_t exact = safe_rerolled_scale(words);
    const safe_rerolled_coarse_t coarse = safe_rerolled_coarse(words);
    const uint32_t *weights = dense->weights;
    const uint32_t *rows = dense->scales;
    const int32_t *start = dense->start;
    const int32_t start_step = dense->start_step;
    for (; tiles > 0; tiles--) {
        int32_t twice[SAFE_DOT8_ROWS];
        /* Eight doubled sums, then their rescaling without a loop. */
        weights = safe_dsp_dot8(weights, dense->expanded, dense->length, start, twice);
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
        for (int32_t r = 0; r < SAFE_DOT8_ROWS; r++) {
            *output++ = (int8_t)safe_rerolled_rescale(twice[r], *rows++, coarse, &exact);
        }
        start += start_step;
    }
}
