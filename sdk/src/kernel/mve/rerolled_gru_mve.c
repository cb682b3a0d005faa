/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_gru_mve.c Re-rolled GRU: the rows of a product in tiles of four; input and
 * hidden state are copied once per step, to whole blocks of 16 bytes. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_gru_mve.h"

#include <stddef.h>
#include <string.h>

#include "safe/kernel/dot4_mve.h"
#include "safe/kernel/mve_copy.h"

void safe_kernel_rerolled_gru_s8_mve(const safe_rerolled_gru_mve_params_t *params,
                                     const int8_t *sequence, const int8_t *input_weights,
                                     const int8_t *recurrent_weights, const int32_t *input_start,
                                     const int8_t *first_terms, const int32_t *recurrent_start,
                                     const uint32_t *input_scales, const uint32_t *recurrent_scales,
                                     const uint8_t *packed, const uint8_t *bins,
                                     const int32_t *thresholds, const int32_t *exact, void *scratch,
                                     int8_t *output)
{
    const safe_rerolled_shared_t shared = {bins, thresholds, exact};
    const int32_t units = params->units;
    const int32_t tiles =
        (SAFE_GRU_GATES * units + SAFE_DENSE_REROLLED_MVE_ROWS - 1) / SAFE_DENSE_REROLLED_MVE_ROWS;
    const uint32_t input_blocks = SAFE_MVE_BLOCKS(params->input_size);
    const uint32_t blocks = SAFE_MVE_BLOCKS(units);
    int32_t *const words = (int32_t *)scratch;
    int8_t *const input = (int8_t *)&words[SAFE_GRU_WORDS];
    int8_t *const recurrent = &input[16u * input_blocks];
    int8_t *const gates = &recurrent[16u * blocks];
    int8_t *const terms = &gates[SAFE_DENSE_REROLLED_MVE_ROWS * tiles];
    const int8_t *hidden = NULL;
    const safe_dense_rerolled_mve_t x = {.weights = input_weights,
                                         .scales = input_scales,
                                         .values = input,
                                         .start = input_start,
                                         .blocks = input_blocks,
                                         .start_step = SAFE_DENSE_REROLLED_MVE_ROWS};
    safe_dense_rerolled_mve_t h = {.weights = recurrent_weights,
                                   .scales = recurrent_scales,
                                   .values = recurrent,
                                   .start = recurrent_start,
                                   .blocks = blocks,
                                   .start_step = SAFE_DENSE_REROLLED_MVE_ROWS};
    (void)memset(words, 0, sizeof(int32_t) * SAFE_GRU_WORDS);
    /* What lies behind the values in their last blocks is multiplied by 0. */
    safe_mve_fill(input, 0, (int32_t)(16u * (input_blocks + blocks)));
    for (int32_t step = 0; step < params->time_steps; step++) {
        packed = safe_rerolled_unpack(packed, SAFE_GRU_WORDS, words);
        safe_mve_copy(input, sequence, params->input_size);
        safe_mve_dense_rerolled(&x, &words[SAFE_GRU_INPUT], params->input_zero_point, tiles, gates);
        /* In the first step the hidden state is zero: its terms are constants. */
        if (hidden == NULL) {
            (void)memcpy(terms, first_terms, (size_t)(SAFE_GRU_GATES * units));
        } else {
            const int32_t zero_point = (words[SAFE_GRU_ZEROS] >> 8 & 0xFF) - 128;
            safe_mve_copy(recurrent, hidden, units);
            safe_mve_dense_rerolled(&h, &words[SAFE_GRU_RECURRENT], zero_point, tiles, terms);
            /* The bias is quantized with the scale of the hidden state, which is another one in
             * each step. */
            h.start += SAFE_DENSE_REROLLED_MVE_ROWS * tiles;
        }
        safe_rerolled_gru_update(words, &shared, units, gates, terms, hidden, output);
        sequence += params->input_size;
        hidden = output;
        output += params->output_step;
    }
}
