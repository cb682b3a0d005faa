/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_rerolled_mve.c A matrix product in tiles of four rows. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dense_rerolled_mve.h"

#include "safe/compiler.h"
#include "safe/kernel/dot4_mve.h"
#include "safe/kernel/mve_high.h"
#include "safe/kernel/rerolled_rescale.h"

/** Rescales four sums one by one, where one of them may be too close to a tie. */
static SAFE_NOINLINE void rescale_each(const int32_t *words, const uint32_t *rows,
                                       const int32_t *sums, int8_t *output)
{
    const safe_rerolled_scale_t exact = safe_rerolled_scale(words);
    const safe_rerolled_coarse_t coarse = safe_rerolled_coarse(words);
    for (int32_t r = 0; r < SAFE_DENSE_REROLLED_MVE_ROWS; r++) {
        output[r] = (int8_t)safe_rerolled_rescale(2 * sums[r], rows[r], coarse, &exact);
    }
}

SAFE_NOINLINE void safe_mve_dense_rerolled(const safe_dense_rerolled_mve_t *dense,
                                           const int32_t *words, int32_t zero_point, int32_t tiles,
                                           int8_t *output)
{
    const safe_rerolled_coarse_t c = safe_rerolled_coarse(words);
    const safe_mve_s32_t factor = safe_mve_dup(c.factor);
    const safe_mve_s32_t low = safe_mve_dup(INT8_MIN);
    const safe_mve_s32_t high = safe_mve_dup(INT8_MAX);
    const int8_t *weights = dense->weights;
    const uint32_t *rows = dense->scales;
    const int32_t *start = dense->start;
    for (; tiles > 0; tiles--) {
        safe_mve_s32_t sums = safe_mve_dot4(weights, dense->values, dense->blocks, start);
        weights += SAFE_DENSE_REROLLED_MVE_BYTES(dense->blocks);
        /* The zero point is another one in each step: it is taken from the sums by the sums of the
         * weights, which lie at the tile's end. */
        const int16_t *row_sums = (const int16_t *)(const void *)(weights - 8);
        sums = safe_mve_mla_n(sums, safe_mve_load_s16(row_sums), -zero_point);
        /* safe_rerolled_rescale of the doubled sums, four at a time. */
        const safe_mve_s32_t row = safe_mve_load((const int32_t *)(const void *)rows);
        safe_mve_s32_t scaled =
            safe_mve_mulh(safe_mve_shl_n(sums, c.up + 1), safe_mve_mulh(row, factor));
        scaled = safe_mve_add_n(scaled, c.start);
        if (SAFE_UNLIKELY(safe_mve_any_below(safe_mve_shl_n(scaled, 18), c.doubt))) {
            int32_t each[SAFE_DENSE_REROLLED_MVE_ROWS];
            safe_mve_store(each, sums);
            rescale_each(words, rows, each, output);
        } else {
            scaled = safe_mve_max(SAFE_MVE_SHR(scaled, 14), low);
            safe_mve_store_s8(output, safe_mve_min(scaled, high));
        }
        rows += SAFE_DENSE_REROLLED_MVE_ROWS;
        output += SAFE_DENSE_REROLLED_MVE_ROWS;
        start += dense->start_step;
    }
}
