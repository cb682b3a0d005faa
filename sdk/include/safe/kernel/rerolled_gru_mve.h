/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_gru_mve.h An unrolled Keras GRU as a loop, for the M-profile vector extension. */
#ifndef SAFE_KERNEL_REROLLED_GRU_MVE_H
#define SAFE_KERNEL_REROLLED_GRU_MVE_H

#include <stdint.h>

#include "safe/kernel/dense_rerolled_mve.h"
#include "safe/kernel/rerolled_gru_step.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_rerolled_gru_mve_params {
    int32_t time_steps;
    int32_t input_size;
    int32_t units;
    int32_t output_step;      /**< Bytes from one hidden state to the next: units, or 0: last. */
    int32_t input_zero_point; /**< [-128, 127] */
} safe_rerolled_gru_mve_params_t;

/**
 * The same bytes as safe_kernel_rerolled_gru_s8, from packed weights.
 *
 * @param input_weights, recurrent_weights Tiles of safe_mve_dense_rerolled over the 3 * units rows;
 * the last is filled with zeros. @param input_start, recurrent_start Biases, 4 words per tile; of
 * the hidden state for each step but the first. @param scratch First SAFE_GRU_WORDS words, then
 * both vectors in whole blocks of 16 bytes, then 2 * (4 * tiles) bytes. All other parameters as
 * there; scales of whole tiles.
 */
void safe_kernel_rerolled_gru_s8_mve(const safe_rerolled_gru_mve_params_t *params,
                                     const int8_t *sequence, const int8_t *input_weights,
                                     const int8_t *recurrent_weights, const int32_t *input_start,
                                     const int8_t *first_terms, const int32_t *recurrent_start,
                                     const uint32_t *input_scales, const uint32_t *recurrent_scales,
                                     const uint8_t *packed, const uint8_t *bins,
                                     const int32_t *thresholds, const int32_t *exact, void *scratch,
                                     int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
