/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_lstm_mve.c Re-rolled LSTM: the rows of a product in tiles of four; input and
 * hidden state are copied once per step, to whole blocks of 16 bytes. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_lstm_mve.h"

#include <stddef.h>
#include <string.h>

#include "safe/kernel/dot4_mve.h"
#include "safe/kernel/mve_copy.h"

void safe_kernel_rerolled_lstm_s8_mve(const safe_rerolled_lstm_mve_params_t *params,
                                      const int8_t *sequence, const int8_t *input_weights,
                                      const int8_t *recurrent_weights, const int32_t *first_start,
                                      const uint32_t *input_scales,
                                      const uint32_t *recurrent_scales, const int8_t *bias,
                                      const uint8_t *packed, const uint8_t *bins,
                                      const int32_t *thresholds, const int32_t *exact,
                                      void *scratch, int8_t *output)
{
    static const int32_t nothing[SAFE_DENSE_REROLLED_MVE_ROWS] = {0};
    const safe_rerolled_shared_t shared = {bins, thresholds, exact};
    const int32_t units = params->units;
    const int32_t tiles = units; /* Four gates of each. */
    const uint32_t input_blocks = SAFE_MVE_BLOCKS(params->input_size);
    const uint32_t blocks = SAFE_MVE_BLOCKS(units);
    int32_t *const words = (int32_t *)scratch;
    int8_t *const input = (int8_t *)&words[SAFE_REROLLED_WORDS];
    int8_t *const recurrent = &input[16u * input_blocks];
    int8_t *const gates = &recurrent[16u * blocks];
    int8_t *const terms = &gates[SAFE_DENSE_REROLLED_MVE_ROWS * tiles];
    uint8_t *const cell = (uint8_t *)&terms[SAFE_DENSE_REROLLED_MVE_ROWS * tiles];
    const int8_t *hidden = output;
    safe_dense_rerolled_mve_t x = {.weights = input_weights,
                                   .scales = input_scales,
                                   .values = input,
                                   .start = first_start,
                                   .blocks = input_blocks,
                                   .start_step = SAFE_DENSE_REROLLED_MVE_ROWS};
    const safe_dense_rerolled_mve_t h = {.weights = recurrent_weights,
                                         .scales = recurrent_scales,
                                         .values = recurrent,
                                         .start = nothing,
                                         .blocks = blocks};
    /* The first step's constants leave out what this holds. */
    (void)memset(cell, 0, (size_t)units);
    (void)memset(words, 0, sizeof(int32_t) * SAFE_REROLLED_WORDS);
    /* What lies behind the values in their last blocks is multiplied by 0. */
    safe_mve_fill(input, 0, (int32_t)(16u * (input_blocks + blocks)));
    for (int32_t step = 0; step < params->time_steps; step++) {
        packed = safe_rerolled_unpack(packed, SAFE_REROLLED_WORDS, words);
        safe_mve_copy(input, sequence, params->input_size);
        safe_mve_dense_rerolled(&x, &words[SAFE_REROLLED_INPUT], params->input_zero_point, tiles,
                                gates);
        /* The converter adds the bias in int32 in the first step, and as an int8 tensor of its own
         * in all others: safe_rerolled_gates takes that one. */
        x.start = nothing;
        x.start_step = 0;
        /* The first step has no hidden state to multiply. */
        if (step > 0) {
            safe_mve_copy(recurrent, hidden, units);
            safe_mve_dense_rerolled(&h, &words[SAFE_REROLLED_RECURRENT],
                                    (words[SAFE_REROLLED_ZEROS] >> 8) - 128, tiles, terms);
        }
        /* Sums and activations of the gates, then cell and hidden state, in this step's scales. */
        safe_rerolled_gates(words, &shared, units, gates, step > 0 ? terms : NULL, bias);
        safe_rerolled_update(words, &shared, units, gates, cell, output);
        sequence += params->input_size;
        hidden = output;
        output += params->output_step;
    }
}
