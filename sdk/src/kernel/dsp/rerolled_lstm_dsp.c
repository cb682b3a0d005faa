/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_lstm_dsp.c Re-rolled LSTM: the rows of a product in tiles of eight; input and
 * hidden state are expanded to int16 once per step. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_lstm_dsp.h"

#include <stddef.h>
#include <string.h>

#include "safe/kernel/dense_rerolled_dsp.h"

void safe_kernel_rerolled_lstm_s8_dsp(const safe_rerolled_lstm_dsp_params_t *params,
                                      const int8_t *sequence, const uint32_t *input_weights,
                                      const uint32_t *recurrent_weights, const int32_t *first_start,
                                      const uint32_t *input_scales,
                                      const uint32_t *recurrent_scales, const int8_t *bias,
                                      const uint8_t *packed, const uint8_t *bins,
                                      const int32_t *thresholds, const int32_t *exact,
                                      void *scratch, int8_t *output)
{
    static const int32_t nothing[SAFE_DOT8_ROWS] = {0};
    const safe_rerolled_shared_t shared = {bins, thresholds, exact};
    const int32_t units = params->units;
    const int32_t tiles = (units + 1) / 2;
    const uint32_t input_blocks = SAFE_DOT8_BLOCKS(params->input_size);
    const uint32_t blocks = SAFE_DOT8_BLOCKS(units);
    int32_t *const words = (int32_t *)scratch;
    uint32_t *const input = (uint32_t *)&words[SAFE_REROLLED_WORDS];
    uint32_t *const recurrent = &input[SAFE_DOT8_WORDS(input_blocks)];
    int8_t *const gates = (int8_t *)&recurrent[SAFE_DOT8_WORDS(blocks)];
    int8_t *const terms = &gates[SAFE_DOT8_ROWS * tiles];
    uint8_t *const cell = (uint8_t *)&terms[SAFE_DOT8_ROWS * tiles];
    const int8_t *hidden = output;
    safe_dense_rerolled_t x = {.weights = input_weights,
                               .scales = input_scales,
                               .expanded = input,
                               .start = first_start,
                               .length = SAFE_DOT8_LENGTH(input_blocks),
                               .start_step = SAFE_DOT8_ROWS};
    const safe_dense_rerolled_t h = {.weights = recurrent_weights,
                                     .scales = recurrent_scales,
                                     .expanded = recurrent,
                                     .start = nothing,
                                     .length = SAFE_DOT8_LENGTH(blocks)};
    /* The first step's constants leave out what this holds. */
    (void)memset(cell, 0, (size_t)units);
    (void)memset(words, 0, sizeof(int32_t) * SAFE_REROLLED_WORDS);
    for (int32_t step = 0; step < params->time_steps; step++) {
        packed = safe_rerolled_unpack(packed, SAFE_REROLLED_WORDS, words);
        safe_dsp_expand(sequence, params->input_size, safe_dsp_less(params->input_zero_point),
                        input);
        safe_dsp_dense_rerolled(&x, &words[SAFE_REROLLED_INPUT], tiles, gates);
        /* The converter adds the bias in int32 in the first step, and as an int8 tensor of its own
         * in all others: safe_rerolled_gates takes that one. */
        x.start = nothing;
        x.start_step = 0;
        /* The first step has no hidden state to multiply. */
        if (step > 0) {
            safe_dsp_expand(hidden, units, safe_dsp_less((words[SAFE_REROLLED_ZEROS] >> 8) - 128),
                            recurrent);
            safe_dsp_dense_rerolled(&h, &words[SAFE_REROLLED_RECURRENT], tiles, terms);
        }
        /* Sums and activations of the gates, then cell and hidden state, in this step's scales. */
        safe_rerolled_gates(words, &shared, units, gates, step > 0 ? terms : NULL, bias);
        safe_rerolled_update(words, &shared, units, gates, cell, output);
        sequence += params->input_size;
        hidden = output;
        output += params->output_step;
    }
}
