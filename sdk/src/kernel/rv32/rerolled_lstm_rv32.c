/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_lstm_rv32.c Re-rolled LSTM: the rows of a product in tiles of eight; input and
 * hidden state lose their zero points once per step. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_lstm_rv32.h"

#include <stddef.h>
#include <string.h>

void safe_kernel_rerolled_lstm_s8_rv32(const safe_rerolled_lstm_rv32_params_t *params,
                                       const int8_t *sequence, const int8_t *input_weights,
                                       const int8_t *recurrent_weights, const int32_t *first_bias,
                                       const uint32_t *input_scales,
                                       const uint32_t *recurrent_scales, const int8_t *bias,
                                       const uint8_t *packed, const uint8_t *bins,
                                       const int32_t *thresholds, const int32_t *exact,
                                       void *scratch, int8_t *output)
{
    static const int32_t nothing[SAFE_DENSE_REROLLED_ROWS] = {0};
    const safe_rerolled_shared_t shared = {bins, thresholds, exact};
    const int32_t units = params->units;
    const int32_t tiles = (units + 1) / 2;
    const int32_t input_depth = SAFE_DENSE_REROLLED_DEPTH(params->input_size);
    const int32_t depth = SAFE_DENSE_REROLLED_DEPTH(units);
    int32_t *const words = (int32_t *)scratch;
    int16_t *const input = (int16_t *)&words[SAFE_REROLLED_WORDS];
    int16_t *const recurrent = &input[input_depth];
    int8_t *const gates = (int8_t *)&recurrent[depth];
    int8_t *const terms = &gates[SAFE_DENSE_REROLLED_ROWS * tiles];
    uint8_t *const cell = (uint8_t *)&terms[SAFE_DENSE_REROLLED_ROWS * tiles];
    const int8_t *hidden = output;
    safe_dense_rerolled_t x = {.weights = input_weights,
                               .scales = input_scales,
                               .start = first_bias,
                               .depth = input_depth,
                               .start_step = SAFE_DENSE_REROLLED_ROWS};
    const safe_dense_rerolled_t h = {
        .weights = recurrent_weights, .scales = recurrent_scales, .start = nothing, .depth = depth};
    /* The first step's constants leave out what this holds. */
    (void)memset(cell, 0, (size_t)units);
    (void)memset(words, 0, sizeof(int32_t) * SAFE_REROLLED_WORDS);
    for (int32_t step = 0; step < params->time_steps; step++) {
        packed = safe_rerolled_unpack(packed, SAFE_REROLLED_WORDS, words);
        safe_rv32_widen(sequence, params->input_size, params->input_zero_point, input);
        safe_rv32_dense_rerolled(&x, &words[SAFE_REROLLED_INPUT], tiles, input, gates);
        /* The converter adds the bias in int32 in the first step, and as an int8 tensor of its own
         * in all others: safe_rerolled_gates takes that one. */
        x.start = nothing;
        x.start_step = 0;
        /* The first step has no hidden state to multiply. */
        if (step > 0) {
            safe_rv32_widen(hidden, units, (words[SAFE_REROLLED_ZEROS] >> 8) - 128, recurrent);
            safe_rv32_dense_rerolled(&h, &words[SAFE_REROLLED_RECURRENT], tiles, recurrent, terms);
        }
        /* Sums and activations of the gates, then cell and hidden state, in this step's scales. */
        safe_rerolled_gates(words, &shared, units, gates, step > 0 ? terms : NULL, bias);
        safe_rerolled_update(words, &shared, units, gates, cell, output);
        sequence += params->input_size;
        hidden = output;
        output += params->output_step;
    }
}
