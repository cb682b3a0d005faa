/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_gru.c Reference loop over the steps of an unrolled GRU. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_gru.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"

/** One matrix product. */
typedef struct dense {
    const int8_t *weights;
    const uint32_t *scales;
    int32_t rows;
    int32_t depth;
} dense_t;

/** All rows of a product. @param words Scale of the product. */
static SAFE_NOINLINE void multiply(const dense_t *d, const int32_t *words, const int32_t *bias,
                                   const int8_t *values, int32_t zero_point, int8_t *output)
{
    const safe_rerolled_scale_t scale = safe_rerolled_scale(words);
    const int8_t *weights = d->weights;
    for (int32_t row = 0; row < d->rows; row++) {
        int32_t sum = bias[row];
        for (int32_t k = 0; k < d->depth; k++) {
            sum += (values[k] - zero_point) * *weights++;
        }
        output[row] = (int8_t)safe_rerolled_exact(2 * sum, d->scales[row], &scale);
    }
}

void safe_kernel_rerolled_gru_s8(const safe_rerolled_gru_params_t *params, const int8_t *sequence,
                                 const int8_t *input_weights, const int8_t *recurrent_weights,
                                 const int32_t *input_bias, const int8_t *first_terms,
                                 const int32_t *recurrent_bias, const uint32_t *input_scales,
                                 const uint32_t *recurrent_scales, const uint8_t *packed,
                                 const uint8_t *bins, const int32_t *thresholds,
                                 const int32_t *exact, void *scratch, int8_t *output)
{
    const safe_rerolled_shared_t shared = {bins, thresholds, exact};
    const int32_t units = params->units;
    const int32_t rows = SAFE_GRU_GATES * units;
    int32_t *const words = (int32_t *)scratch;
    int8_t *const gates = (int8_t *)&words[SAFE_GRU_WORDS];
    int8_t *const terms = &gates[rows];
    const int8_t *hidden = NULL;
    const dense_t x = {input_weights, input_scales, rows, params->input_size};
    const dense_t h = {recurrent_weights, recurrent_scales, rows, units};
    (void)memset(words, 0, sizeof(int32_t) * SAFE_GRU_WORDS);
    for (int32_t step = 0; step < params->time_steps; step++) {
        packed = safe_rerolled_unpack(packed, SAFE_GRU_WORDS, words);
        multiply(&x, &words[SAFE_GRU_INPUT], input_bias, sequence, params->input_zero_point, gates);
        if (hidden == NULL) {
            (void)memcpy(terms, first_terms, (size_t)rows);
        } else {
            const int32_t zero_point = (words[SAFE_GRU_ZEROS] >> 8 & 0xFF) - 128;
            multiply(&h, &words[SAFE_GRU_RECURRENT], recurrent_bias, hidden, zero_point, terms);
            recurrent_bias += rows;
        }
        safe_rerolled_gru_update(words, &shared, units, gates, terms, hidden, output);
        sequence += params->input_size;
        hidden = output;
        output += params->output_step;
    }
}
