/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row_v6m.c A row of outputs by tiles of eight. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dense_row_v6m.h"

#include "safe/compiler.h"
#include "safe/kernel/v6m.h"

SAFE_NOINLINE void safe_v6m_dense_row(const safe_dense_row_v6m_t *row,
                                      const safe_dense_weights_v6m_t *constants,
                                      const int32_t *values, int8_t *output)
{
    const int32_t halves = 2 * row->output_zero_point + 1;
    const int16_t *narrow = (const int16_t *)constants->start;
    const int32_t *wide = (const int32_t *)constants->start;
    const int32_t *multiplier = constants->multiplier;
    const int8_t *shift = constants->shift;
    safe_dot8_v6m_t tiles = constants->tiles;
    for (int32_t left = row->units; left > 0; left -= SAFE_DOT8_V6M_ROWS) {
        const int32_t count = left < SAFE_DOT8_V6M_ROWS ? left : SAFE_DOT8_V6M_ROWS;
        int32_t sums[SAFE_DOT8_V6M_ROWS];
        /* What the sums start from is stored in 16 bits where all of it fits. */
        for (int32_t r = 0; r < SAFE_DOT8_V6M_ROWS; r++) {
            sums[r] = row->start_is_short != 0 ? *narrow++ : *wide++;
        }
        safe_v6m_dot8(&tiles, values, sums);
        /* Only the rows of the tile that are outputs; with one scale for all, `step` is 0. */
        for (int32_t r = 0; r < count; r++) {
            const safe_v6m_rescale_t rescale = safe_v6m_rescale_of(*multiplier, *shift, halves);
            const int32_t value = safe_v6m_rescale(sums[r], rescale);
            *output++ = (int8_t)safe_v6m_clamp(value, row->output_min, row->output_max);
            multiplier += row->rescale_step;
            shift += row->rescale_step;
        }
    }
}
