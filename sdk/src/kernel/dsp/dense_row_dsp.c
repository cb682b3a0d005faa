/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row_dsp.c A row of outputs by tiles of eight. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dense_row_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"

/** The addend of a safe_dsp_rescale_t: half an LSB and the zero point. */
static inline int32_t addend_of(const safe_dense_row_t *row, int32_t right)
{
    return (int32_t)((uint32_t)(2 * row->output_zero_point + 1) << (right - 1));
}

/** Rescales and stores up to eight sums, each with a scale of its own. */
static inline void store_per_unit(const safe_dense_row_t *row, const int32_t *twice, int32_t count,
                                  const int32_t *multiplier, const int8_t *shift, int8_t *output)
{
    for (int32_t r = 0; r < count; r++) {
        const int32_t right = -shift[r];
        output[r] = safe_dsp_rescale_s8(twice[r], multiplier[r], addend_of(row, right), right);
    }
}

/** Rescales and stores up to eight sums alike; whole tiles without a loop. */
static inline void store_alike(const int32_t *twice, int32_t count, safe_dsp_rescale_t r,
                               int8_t *output)
{
    if (count == SAFE_DOT8_ROWS) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
        for (int32_t k = 0; k < SAFE_DOT8_ROWS; k++) {
            output[k] = safe_dsp_rescale_s8(twice[k], r.multiplier, r.addend, r.shift);
        }
        return;
    }
    for (int32_t k = 0; k < count; k++) {
        output[k] = safe_dsp_rescale_s8(twice[k], r.multiplier, r.addend, r.shift);
    }
}

/** Limits a row: apart, so that the tiles keep their registers. */
static SAFE_NOINLINE void limit(const safe_dense_row_t *row, int8_t *output)
{
    safe_dsp_clamp_s8(output, row->units, row->output_min, row->output_max);
}

SAFE_NOINLINE void safe_dsp_dense_row(const safe_dense_row_t *row,
                                      const safe_dense_weights_t *constants,
                                      const uint32_t *expanded, int8_t *output)
{
    const uint32_t length = SAFE_DOT8_LENGTH(SAFE_DOT8_BLOCKS(row->depth));
    const uint32_t *weights = constants->weights;
    const int32_t *start = constants->start;
    const int32_t *multiplier = constants->multiplier;
    const int8_t *shift = constants->shift;
    const int32_t right = -*shift;
    const safe_dsp_rescale_t alike = {*multiplier, addend_of(row, right), right};
    int8_t *const first = output;
    /* Tiles of eight outputs; the last one may be partly filled, with weights of 0, and only its
     * `count` results are stored. */
    for (int32_t left = row->units; left > 0; left -= SAFE_DOT8_ROWS) {
        const int32_t count = left < SAFE_DOT8_ROWS ? left : SAFE_DOT8_ROWS;
        int32_t twice[SAFE_DOT8_ROWS];
        weights = safe_dsp_dot8(weights, expanded, length, start, twice);
        start += SAFE_DOT8_ROWS;
        /* A scale for each output, or one for all: then it stays in registers. */
        if (row->rescale_step != 0) {
            store_per_unit(row, twice, count, multiplier, shift, output);
            multiplier += SAFE_DOT8_ROWS;
            shift += SAFE_DOT8_ROWS;
        } else {
            store_alike(twice, count, alike, output);
        }
        output += count;
    }
    /* The rescaling saturates to int8. Narrower limits come afterwards, because the loop above has
     * no registers for them. */
    if (row->output_min > INT8_MIN || row->output_max < INT8_MAX) {
        limit(row, first);
    }
}
