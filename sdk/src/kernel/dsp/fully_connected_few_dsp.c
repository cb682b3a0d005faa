/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_few_dsp.c int8 matrix product, four rows at a time; an input row is
 * expanded to int16 once. */
#include "safe/kernel/goal.h"

#include "safe/kernel/fully_connected_few_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"

/** The sums of a pair of rows: both in h, the second's in l. */
typedef struct pair_sums {
    int32_t h;
    int32_t l;
} pair_sums_t;

static inline void add_pair(pair_sums_t *sums, uint32_t word, uint32_t x)
{
    sums->h = safe_dsp_smlad(word, x, sums->h);
    sums->l = safe_dsp_smlad(safe_dsp_sxtb16(word), x, sums->l);
}

/** Both doubled sums of a pair, as safe_dsp_dot8 has them. */
static inline void put_twice(const pair_sums_t *sums, int32_t *twice)
{
    twice[0] = (int32_t)((uint32_t)sums->h - (uint32_t)sums->l) >> 7;
    twice[1] = (int32_t)((uint32_t)sums->l << 1);
}

/** Doubled sums of four rows; returns the end of their weights. @param end End of the values. */
static inline const uint32_t *four_rows(const uint32_t *weights, const uint32_t *values,
                                        const uint32_t *end, const int32_t *start, int32_t *twice)
{
    pair_sums_t first = {start[0], start[1]};
    pair_sums_t second = {start[2], start[3]};
    do {
        uint32_t low, high, a, b;
        SAFE_DSP_LOAD_PAIR(low, high, values);
        SAFE_DSP_LOAD_PAIR(a, b, weights);
        add_pair(&first, a, low);
        add_pair(&second, b, low);
        SAFE_DSP_LOAD_PAIR(a, b, &weights[2]);
        add_pair(&first, a, high);
        add_pair(&second, b, high);
        values += 2;
        weights += 4;
    } while (values != end);
    put_twice(&first, twice);
    put_twice(&second, &twice[2]);
    return weights;
}

/** Doubled sums of two rows. */
static inline void two_rows(const uint32_t *weights, const uint32_t *values, const uint32_t *end,
                            const int32_t *start, int32_t *twice)
{
    pair_sums_t pair = {start[0], start[1]};
    do {
        uint32_t low, high, a, b;
        SAFE_DSP_LOAD_PAIR(low, high, values);
        SAFE_DSP_LOAD_PAIR(a, b, weights);
        add_pair(&pair, a, low);
        add_pair(&pair, b, high);
        values += 2;
        weights += 2;
    } while (values != end);
    put_twice(&pair, twice);
}

/** One row of outputs. @param values, end Expanded row. */
static inline void run_row(const safe_dense_row_t *row, const safe_dense_weights_t *constants,
                           const uint32_t *values, const uint32_t *end, int8_t *output)
{
    const uint32_t *weights = constants->weights;
    const int32_t *start = constants->start;
    const int32_t *multiplier = constants->multiplier;
    const int8_t *shift = constants->shift;
    const int32_t halves = 2 * row->output_zero_point + 1;
    for (int32_t left = row->units; left > 0; left -= SAFE_FEW_ROWS) {
        int32_t twice[SAFE_FEW_ROWS] = {0};
        if (left > 2) {
            weights = four_rows(weights, values, end, start, twice);
        } else {
            two_rows(weights, values, end, start, twice);
        }
        start += SAFE_FEW_ROWS;
        const int32_t count = left < SAFE_FEW_ROWS ? left : SAFE_FEW_ROWS;
        for (int32_t r = 0; r < count; r++) {
            const int32_t right = -*shift;
            const int32_t addend = (int32_t)((uint32_t)halves << (right - 1));
            *output++ = safe_dsp_rescale_s8(twice[r], *multiplier, addend, right);
            multiplier += row->rescale_step;
            shift += row->rescale_step;
        }
    }
}

void safe_kernel_fully_connected_few_s8_dsp(const safe_fully_connected_few_dsp_params_t *params,
                                            const int8_t *input, const uint32_t *weights,
                                            const int32_t *start, const int32_t *multiplier,
                                            const int8_t *shift, void *scratch, int8_t *output)
{
    const safe_dense_weights_t constants = {weights, start, multiplier, shift};
    const safe_dense_row_t *row = &params->row;
    uint32_t *expanded = (uint32_t *)scratch;
    const uint32_t *end = &expanded[SAFE_DOT8_WORDS(SAFE_DOT8_BLOCKS(row->depth))];
    for (int32_t batch = 0; batch < params->batches; batch++) {
        safe_dsp_expand(input, row->depth, 0, expanded);
        run_row(row, &constants, expanded, end, output);
        if (row->output_min > INT8_MIN || row->output_max < INT8_MAX) {
            safe_dsp_clamp_s8(output, row->units, row->output_min, row->output_max);
        }
        input += row->depth;
        output += row->units;
    }
}
