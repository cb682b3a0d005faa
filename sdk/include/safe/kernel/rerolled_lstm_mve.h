/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_lstm_mve.h An unrolled Keras LSTM as a loop, for the M-profile vector extension.
 */
#ifndef SAFE_KERNEL_REROLLED_LSTM_MVE_H
#define SAFE_KERNEL_REROLLED_LSTM_MVE_H

#include <stdint.h>

#include "safe/kernel/dense_rerolled_mve.h"
#include "safe/kernel/rerolled_step.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_rerolled_lstm_mve_params {
    int32_t time_steps;
    int32_t input_size;
    int32_t units;
    int32_t output_step;      /**< Bytes from one hidden state to the next: units, or 0: last. */
    int32_t input_zero_point; /**< [-128, 127] */
} safe_rerolled_lstm_mve_params_t;

/**
 * The same bytes as safe_kernel_rerolled_lstm_s8, from packed weights and prepared constants.
 *
 * @param sequence [time_steps][input_size] @param input_weights, recurrent_weights Tiles of
 * safe_mve_dense_rerolled over the 4 * units rows. @param first_start Bias of the first step, 4
 * words per tile. @param input_scales, recurrent_scales A fraction of 2^31 for each row of the
 * tiles.
 * @param bias [4 * units], of all other steps. @param packed Words of the steps, see
 * safe_rerolled_unpack. @param bins, thresholds, exact See safe_rerolled_shared_t. @param scratch
 * First SAFE_REROLLED_WORDS words, then both vectors in whole blocks of 16 bytes, then 9 * units
 * bytes. @param output [time_steps or 1][units]
 */
void safe_kernel_rerolled_lstm_s8_mve(const safe_rerolled_lstm_mve_params_t *params,
                                      const int8_t *sequence, const int8_t *input_weights,
                                      const int8_t *recurrent_weights, const int32_t *first_start,
                                      const uint32_t *input_scales,
                                      const uint32_t *recurrent_scales, const int8_t *bias,
                                      const uint8_t *packed, const uint8_t *bins,
                                      const int32_t *thresholds, const int32_t *exact,
                                      void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
