/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row_v6m.c A row of outputs by tiles of eight. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dense_row_v6m.h"

#include "safe/compiler.h"
#include "safe/kernel/v6m.h"

/** Adds the products of the vectors behind the first; returns the weights behind the tile. */
static SAFE_NOINLINE const uint32_t *add_vectors(const safe_dense_row_v6m_t *row,
                                                 const uint32_t *weights, const int32_t *values,
                                                 int32_t *sums)
{
    static const uint32_t nothing[SAFE_DOT8_V6M_START] = {0};
    for (int32_t left = row->vectors - 1; left > 0; left--) {
        int32_t more[SAFE_DOT8_V6M_ROWS];
        values += SAFE_DOT8_V6M_HEADER + row->vector;
        weights = safe_v6m_dot8(weights, values, nothing, more);
        for (int32_t r = 0; r < SAFE_DOT8_V6M_ROWS; r++) {
            sums[r] += more[r];
        }
    }
    return weights;
}

SAFE_NOINLINE void safe_v6m_dense_row(const safe_dense_row_v6m_t *row,
                                      const safe_dense_weights_v6m_t *constants,
                                      const int32_t *values, int8_t *output)
{
    const int32_t halves = 2 * row->output_zero_point + 1;
    const uint32_t *weights = constants->weights;
    const uint32_t *start = constants->start;
    const int32_t *multiplier = constants->multiplier;
    const int8_t *shift = constants->shift;
    for (int32_t left = row->units; left > 0; left -= SAFE_DOT8_V6M_ROWS) {
        const int32_t count = left < SAFE_DOT8_V6M_ROWS ? left : SAFE_DOT8_V6M_ROWS;
        int32_t sums[SAFE_DOT8_V6M_ROWS];
        weights = safe_v6m_dot8(weights, values, start, sums);
        start += SAFE_DOT8_V6M_START;
        if (row->vectors > 1) {
            weights = add_vectors(row, weights, values, sums);
        }
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
