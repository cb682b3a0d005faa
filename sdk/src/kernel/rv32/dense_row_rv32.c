/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row_rv32.c A row of outputs by tiles of eight. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dense_row_rv32.h"

#include "safe/compiler.h"
#include "safe/kernel/dot8_rv32.h"
#include "safe/kernel/rv32.h"

/** Writes what the sums of a tile start from. */
static inline void widen(const int16_t *start, int32_t *sums)
{
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
    for (int32_t r = 0; r < SAFE_DOT8_RV32_ROWS; r++) {
        sums[r] = start[r];
    }
}

SAFE_NOINLINE void safe_rv32_dense_row(const safe_dense_row_rv32_t *row,
                                       const safe_dense_weights_rv32_t *constants,
                                       const int8_t *values, int8_t *output)
{
    const int32_t halves = 2 * row->output_zero_point + 1;
    const int32_t step = row->rescale_step;
    const int32_t low = row->output_min;
    const int32_t high = row->output_max;
    const int8_t *weights = constants->weights;
    const int16_t *narrow = (const int16_t *)constants->start;
    const int32_t *wide = (const int32_t *)constants->start;
    const int32_t *multiplier = constants->multiplier;
    const int8_t *shift = constants->shift;
    for (int32_t left = row->units; left > 0; left -= SAFE_DOT8_RV32_ROWS) {
        const int32_t count = left < SAFE_DOT8_RV32_ROWS ? left : SAFE_DOT8_RV32_ROWS;
        int32_t sums[SAFE_DOT8_RV32_ROWS];
        const int32_t *start = wide;
        /* What the sums start from is stored in 16 bits where all of it fits. */
        if (row->start_is_short != 0) {
            widen(narrow, sums);
            narrow += SAFE_DOT8_RV32_ROWS;
            start = sums;
        } else {
            wide += SAFE_DOT8_RV32_ROWS;
        }
        weights = safe_rv32_dot8(weights, values, row->depth, start, sums);
        /* Only the rows of the tile that are outputs; with one scale for all, `step` is 0. */
        for (int32_t r = 0; r < count; r++) {
            const safe_rv32_rescale_t rescale = safe_rv32_rescale_of(*multiplier, *shift, halves);
            const int32_t value = safe_rv32_rescale(sums[r], rescale);
            *output++ = (int8_t)safe_rv32_clamp(value, low, high);
            multiplier += step;
            shift += step;
        }
    }
}
