/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_gru_rv32.c Re-rolled GRU: the rows of a product in tiles of eight; input and
 * hidden state lose their zero points once per step. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_gru_rv32.h"

#include <stddef.h>
#include <string.h>

void safe_kernel_rerolled_gru_s8_rv32(const safe_rerolled_gru_rv32_params_t *params,
                                      const int8_t *sequence, const int8_t *input_weights,
                                      const int8_t *recurrent_weights, const int32_t *input_bias,
                                      const int8_t *first_terms, const int32_t *recurrent_bias,
                                      const uint32_t *input_scales,
                                      const uint32_t *recurrent_scales, const uint8_t *packed,
                                      const uint8_t *bins, const int32_t *thresholds,
                                      const int32_t *exact, void *scratch, int8_t *output)
{
    const safe_rerolled_shared_t shared = {bins, thresholds, exact};
    const int32_t units = params->units;
    const int32_t rows = SAFE_GRU_GATES * units;
    const int32_t tiles = (rows + SAFE_DENSE_REROLLED_ROWS - 1) / SAFE_DENSE_REROLLED_ROWS;
    const int32_t input_depth = SAFE_DENSE_REROLLED_DEPTH(params->input_size);
    const int32_t depth = SAFE_DENSE_REROLLED_DEPTH(units);
    int32_t *const words = (int32_t *)scratch;
    int16_t *const input = (int16_t *)&words[SAFE_GRU_WORDS];
    int16_t *const recurrent = &input[input_depth];
    int8_t *const gates = (int8_t *)&recurrent[depth];
    int8_t *const terms = &gates[SAFE_DENSE_REROLLED_ROWS * tiles];
    const int8_t *hidden = NULL;
    const safe_dense_rerolled_t x = {.weights = input_weights,
                                     .scales = input_scales,
                                     .start = input_bias,
                                     .depth = input_depth,
                                     .start_step = SAFE_DENSE_REROLLED_ROWS};
    safe_dense_rerolled_t h = {.weights = recurrent_weights,
                               .scales = recurrent_scales,
                               .start = recurrent_bias,
                               .depth = depth,
                               .start_step = SAFE_DENSE_REROLLED_ROWS};
    (void)memset(words, 0, sizeof(int32_t) * SAFE_GRU_WORDS);
    for (int32_t step = 0; step < params->time_steps; step++) {
        packed = safe_rerolled_unpack(packed, SAFE_GRU_WORDS, words);
        safe_rv32_widen(sequence, params->input_size, params->input_zero_point, input);
        safe_rv32_dense_rerolled(&x, &words[SAFE_GRU_INPUT], tiles, input, gates);
        /* In the first step the hidden state is zero: its terms are constants. */
        if (hidden == NULL) {
            (void)memcpy(terms, first_terms, (size_t)rows);
        } else {
            const int32_t zero_point = (words[SAFE_GRU_ZEROS] >> 8 & 0xFF) - 128;
            safe_rv32_widen(hidden, units, zero_point, recurrent);
            safe_rv32_dense_rerolled(&h, &words[SAFE_GRU_RECURRENT], tiles, recurrent, terms);
            /* The bias is quantized with the scale of the hidden state, which is another one in
             * each step. */
            h.start += SAFE_DENSE_REROLLED_ROWS * tiles;
        }
        safe_rerolled_gru_update(words, &shared, units, gates, terms, hidden, output);
        sequence += params->input_size;
        hidden = output;
        output += params->output_step;
    }
}
