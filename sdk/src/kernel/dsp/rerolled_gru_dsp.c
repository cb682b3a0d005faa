/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_gru_dsp.c Re-rolled GRU: the rows of a product in tiles of eight; input and
 * hidden state are expanded to int16 once per step. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_gru_dsp.h"

#include <stddef.h>
#include <string.h>

void safe_kernel_rerolled_gru_s8_dsp(const safe_rerolled_gru_dsp_params_t *params,
                                     const int8_t *sequence, const uint32_t *input_weights,
                                     const uint32_t *recurrent_weights, const int32_t *input_start,
                                     const int8_t *first_terms, const int32_t *recurrent_start,
                                     const uint32_t *input_scales, const uint32_t *recurrent_scales,
                                     const uint8_t *packed, const uint8_t *bins,
                                     const int32_t *thresholds, const int32_t *exact, void *scratch,
                                     int8_t *output)
{
    const safe_rerolled_shared_t shared = {bins, thresholds, exact};
    const int32_t units = params->units;
    const int32_t tiles = (SAFE_GRU_GATES * units + SAFE_DOT8_ROWS - 1) / SAFE_DOT8_ROWS;
    const uint32_t input_blocks = SAFE_DOT8_BLOCKS(params->input_size);
    const uint32_t blocks = SAFE_DOT8_BLOCKS(units);
    int32_t *const words = (int32_t *)scratch;
    uint32_t *const input = (uint32_t *)&words[SAFE_GRU_WORDS];
    uint32_t *const recurrent = &input[SAFE_DOT8_WORDS(input_blocks)];
    int8_t *const gates = (int8_t *)&recurrent[SAFE_DOT8_WORDS(blocks)];
    int8_t *const terms = &gates[SAFE_DOT8_ROWS * tiles];
    const int8_t *hidden = NULL;
    const safe_dense_rerolled_t x = {.weights = input_weights,
                                     .scales = input_scales,
                                     .expanded = input,
                                     .start = input_start,
                                     .length = SAFE_DOT8_LENGTH(input_blocks),
                                     .start_step = SAFE_DOT8_ROWS};
    safe_dense_rerolled_t h = {.weights = recurrent_weights,
                               .scales = recurrent_scales,
                               .expanded = recurrent,
                               .start = recurrent_start,
                               .length = SAFE_DOT8_LENGTH(blocks),
                               .start_step = SAFE_DOT8_ROWS};
    (void)memset(words, 0, sizeof(int32_t) * SAFE_GRU_WORDS);
    for (int32_t step = 0; step < params->time_steps; step++) {
        packed = safe_rerolled_unpack(packed, SAFE_GRU_WORDS, words);
        safe_dsp_expand(sequence, params->input_size, safe_dsp_less(params->input_zero_point),
                        input);
        safe_dsp_dense_rerolled(&x, &words[SAFE_GRU_INPUT], tiles, gates);
        /* In the first step the hidden state is zero: its terms are constants. */
        if (hidden == NULL) {
            (void)memcpy(terms, first_terms, (size_t)(SAFE_GRU_GATES * units));
        } else {
            const int32_t zero_point = (words[SAFE_GRU_ZEROS] >> 8 & 0xFF) - 128;
            safe_dsp_expand(hidden, units, safe_dsp_less(zero_point), recurrent);
            safe_dsp_dense_rerolled(&h, &words[SAFE_GRU_RECURRENT], tiles, terms);
            /* The bias is quantized with the scale of the hidden state, which is another one in
             * each step. */
            h.start += SAFE_DOT8_ROWS * tiles;
        }
        safe_rerolled_gru_update(words, &shared, units, gates, terms, hidden, output);
        sequence += params->input_size;
        hidden = output;
        output += params->output_step;
    }
}
