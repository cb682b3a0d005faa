/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_lstm_rv32.c Re-rolled LSTM: the rows of a product in tiles of eight. */
#include "safe/kernel/rerolled_lstm_rv32.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"

/** One matrix product. */
typedef struct dense {
    const int8_t *weights;
    const int32_t *sums;  /**< Of each row. */
    const int32_t *start; /**< Of the sums. */
    const uint32_t *scales;
    int32_t depth;
    int32_t zero_point; /**< Of the values. */
    int32_t start_step; /**< Words from one tile's start to the next: 8 or 0. */
} dense_t;

/** All rows of a product. @param words Of its scale. @param output 8 * tiles values. */
static SAFE_NOINLINE void multiply(const dense_t *d, const int32_t *words, int32_t tiles,
                                   const int8_t *values, int8_t *output)
{
    const safe_rerolled_scale_t exact = safe_rerolled_scale(words);
    const safe_rerolled_coarse_t coarse = safe_rerolled_coarse(words);
    const int8_t *weights = d->weights;
    const int32_t *row_sums = d->sums;
    const int32_t *start = d->start;
    const uint32_t *rows = d->scales;
    const int32_t zero_point = d->zero_point;
    for (; tiles > 0; tiles--) {
        int32_t sums[SAFE_DOT8_RV32_ROWS];
        weights = safe_rv32_dot8(weights, values, d->depth, start, sums);
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
        for (int32_t r = 0; r < SAFE_DOT8_RV32_ROWS; r++) {
            const int32_t sum = sums[r] - zero_point * row_sums[r];
            output[r] = (int8_t)safe_rerolled_rescale(2 * sum, rows[r], coarse, &exact);
        }
        start += d->start_step;
        rows += SAFE_DOT8_RV32_ROWS;
        row_sums += SAFE_DOT8_RV32_ROWS;
        output += SAFE_DOT8_RV32_ROWS;
    }
}

void safe_kernel_rerolled_lstm_s8_rv32(
    const safe_rerolled_lstm_rv32_params_t *params, const int8_t *sequence,
    const int8_t *input_weights, const int8_t *recurrent_weights, const int32_t *input_sums,
    const int32_t *recurrent_sums, const int32_t *first_bias, const uint32_t *input_scales,
    const uint32_t *recurrent_scales, const int8_t *bias, const int32_t *words, const uint8_t *bins,
    const int32_t *thresholds, const int32_t *exact, int8_t *scratch, int8_t *output)
{
    static const int32_t nothing[SAFE_DOT8_RV32_ROWS] = {0};
    const safe_rerolled_shared_t shared = {bins, thresholds, exact};
    const int32_t units = params->units;
    const int32_t tiles = (units + 1) / 2;
    int8_t *const gates = scratch;
    int8_t *const terms = &gates[SAFE_DOT8_RV32_ROWS * tiles];
    uint8_t *const cell = (uint8_t *)&terms[SAFE_DOT8_RV32_ROWS * tiles];
    const int8_t *hidden = output;
    dense_t x = {.weights = input_weights,
                 .sums = input_sums,
                 .start = first_bias,
                 .scales = input_scales,
                 .depth = params->input_size,
                 .zero_point = params->input_zero_point,
                 .start_step = SAFE_DOT8_RV32_ROWS};
    dense_t h = {.weights = recurrent_weights,
                 .sums = recurrent_sums,
                 .start = nothing,
                 .scales = recurrent_scales,
                 .depth = units};
    /* The first step's constants leave out what this holds. */
    memset(cell, 0, (size_t)units);
    for (int32_t step = 0; step < params->time_steps; step++) {
        multiply(&x, &words[SAFE_REROLLED_INPUT], tiles, sequence, gates);
        x.start = nothing;
        x.start_step = 0;
        if (step > 0) {
            h.zero_point = (words[SAFE_REROLLED_ZEROS] >> 8) - 128;
            multiply(&h, &words[SAFE_REROLLED_RECURRENT], tiles, hidden, terms);
        }
        safe_rerolled_gates(words, &shared, units, gates, step > 0 ? terms : NULL, bias);
        safe_rerolled_update(words, &shared, units, gates, cell, output);
        sequence += params->input_size;
        words += SAFE_REROLLED_WORDS;
        hidden = output;
        output += params->output_step;
    }
}
