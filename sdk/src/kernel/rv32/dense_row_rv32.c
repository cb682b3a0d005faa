/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row_rv32.c A row of outputs by tiles of eight. */
#include "safe/kernel/dense_row_rv32.h"

#include "safe/compiler.h"
#include "safe/kernel/dot8_rv32.h"
#include "safe/kernel/rv32.h"

SAFE_NOINLINE void safe_rv32_dense_row(const safe_dense_row_t *row,
                                       const safe_dense_weights_rv32_t *constants,
                                       const int8_t *values, int8_t *output)
{
    const int32_t halves = 2 * row->output_zero_point + 1;
    const int8_t *weights = constants->weights;
    const int32_t *start = constants->start;
    const int32_t *multiplier = constants->multiplier;
    const int8_t *shift = constants->shift;
    for (int32_t left = row->units; left > 0; left -= SAFE_DOT8_RV32_ROWS) {
        const int32_t count = left < SAFE_DOT8_RV32_ROWS ? left : SAFE_DOT8_RV32_ROWS;
        int32_t sums[SAFE_DOT8_RV32_ROWS];
        weights = safe_rv32_dot8(weights, values, row->depth, start, sums);
        for (int32_t r = 0; r < count; r++) {
            const safe_rv32_rescale_t rescale = safe_rv32_rescale_of(*multiplier, *shift, halves);
            const int32_t value = safe_rv32_rescale(sums[r], rescale);
            *output++ = (int8_t)safe_rv32_clamp(value, row->output_min, row->output_max);
            multiplier += row->rescale_step;
            shift += row->rescale_step;
        }
        start += SAFE_DOT8_RV32_ROWS;
    }
}
