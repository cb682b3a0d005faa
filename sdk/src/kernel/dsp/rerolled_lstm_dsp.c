/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_lstm_dsp.c Re-rolled LSTM: the rows of a product in tiles of eight; input and
 * hidden state are expanded to int16 once per step. */
#include "safe/kernel/rerolled_lstm_dsp.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"

/** One matrix product. */
typedef struct dense {
    const uint32_t *weights;
    const uint32_t *scales;
    const uint32_t *expanded;
    const int32_t *start;
    uint32_t length;    /**< SAFE_DOT8_LENGTH */
    int32_t start_step; /**< Words from one tile's start to the next: 8 or 0. */
} dense_t;

/** All rows of a product. @param words Of its scale. @param output 8 * tiles values. */
static SAFE_NOINLINE void multiply(const dense_t *d, const int32_t *words, int32_t tiles,
                                   int8_t *output)
{
    const safe_rerolled_scale_t exact = safe_rerolled_scale(words);
    const safe_rerolled_coarse_t coarse = safe_rerolled_coarse(words);
    const uint32_t *weights = d->weights;
    const uint32_t *rows = d->scales;
    const int32_t *start = d->start;
    const int32_t start_step = d->start_step;
    for (; tiles > 0; tiles--) {
        int32_t twice[SAFE_DOT8_ROWS];
        weights = safe_dsp_dot8(weights, d->expanded, d->length, start, twice);
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
        for (int32_t r = 0; r < SAFE_DOT8_ROWS; r++) {
            *output++ = (int8_t)safe_rerolled_rescale(twice[r], *rows++, coarse, &exact);
        }
        start += start_step;
    }
}

/** Both halves of a word: what is added to every value that is expanded. */
static inline uint32_t less(int32_t zero_point)
{
    const uint32_t half = (uint32_t)-zero_point & 0xFFFFu;
    return half | half << 16;
}

void safe_kernel_rerolled_lstm_s8_dsp(const safe_rerolled_lstm_dsp_params_t *params,
                                      const int8_t *sequence, const uint32_t *input_weights,
                                      const uint32_t *recurrent_weights, const int32_t *first_start,
                                      const uint32_t *input_scales,
                                      const uint32_t *recurrent_scales, const int8_t *bias,
                                      const int32_t *words, const uint8_t *bins,
                                      const int32_t *thresholds, const int32_t *exact,
                                      void *scratch, int8_t *output)
{
    static const int32_t nothing[SAFE_DOT8_ROWS] = {0};
    const safe_rerolled_shared_t shared = {bins, thresholds, exact};
    const int32_t units = params->units;
    const int32_t tiles = (units + 1) / 2;
    const uint32_t input_blocks = SAFE_DOT8_BLOCKS(params->input_size);
    const uint32_t blocks = SAFE_DOT8_BLOCKS(units);
    uint32_t *const input = (uint32_t *)scratch;
    uint32_t *const recurrent = &input[SAFE_DOT8_WORDS(input_blocks)];
    int8_t *const gates = (int8_t *)&recurrent[SAFE_DOT8_WORDS(blocks)];
    int8_t *const terms = &gates[SAFE_DOT8_ROWS * tiles];
    uint8_t *const cell = (uint8_t *)&terms[SAFE_DOT8_ROWS * tiles];
    const int8_t *hidden = output;
    dense_t x = {.weights = input_weights,
                 .scales = input_scales,
                 .expanded = input,
                 .start = first_start,
                 .length = SAFE_DOT8_LENGTH(input_blocks),
                 .start_step = SAFE_DOT8_ROWS};
    const dense_t h = {.weights = recurrent_weights,
                       .scales = recurrent_scales,
                       .expanded = recurrent,
                       .start = nothing,
                       .length = SAFE_DOT8_LENGTH(blocks)};
    /* The first step's constants leave out what this holds. */
    memset(cell, 0, (size_t)units);
    for (int32_t step = 0; step < params->time_steps; step++) {
        safe_dsp_expand(sequence, params->input_size, less(params->input_zero_point), input);
        multiply(&x, &words[SAFE_REROLLED_INPUT], tiles, gates);
        x.start = nothing;
        x.start_step = 0;
        if (step > 0) {
            safe_dsp_expand(hidden, units, less((words[SAFE_REROLLED_ZEROS] >> 8) - 128),
                            recurrent);
            multiply(&h, &words[SAFE_REROLLED_RECURRENT], tiles, terms);
        }
        safe_rerolled_gates(words, &shared, units, gates, step > 0 ? terms : NULL, bias);
        safe_rerolled_update(words, &shared, units, gates, cell, output);
        sequence += params->input_size;
        words += SAFE_REROLLED_WORDS;
        hidden = output;
        output += params->output_step;
    }
}
