/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_lstm_rv32.h An unrolled Keras LSTM as a loop, for RV32IM. */
#ifndef SAFE_KERNEL_REROLLED_LSTM_RV32_H
#define SAFE_KERNEL_REROLLED_LSTM_RV32_H

#include <stdint.h>

#include "safe/kernel/dense_rerolled_rv32.h"
#include "safe/kernel/rerolled_step.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_rerolled_lstm_rv32_params {
    int32_t time_steps;
    int32_t input_size;
    int32_t units;
    int32_t output_step;      /**< Bytes from one hidden state to the next: units, or 0: last. */
    int32_t input_zero_point; /**< [-128, 127] */
} safe_rerolled_lstm_rv32_params_t;

/**
 * The same bytes as safe_kernel_rerolled_lstm_s8, from packed weights and prepared constants.
 *
 * @param sequence [time_steps][input_size] @param input_weights, recurrent_weights Tiles of
 * safe_rv32_dense_rerolled over the 4 * units rows; the last is filled with zeros.
 * @param first_bias Bias of the first step, for each row of the tiles.
 * @param input_scales, recurrent_scales, bias, packed, bins, thresholds, exact See
 * safe_kernel_rerolled_lstm_s8_dsp. @param scratch First SAFE_REROLLED_WORDS words, then both
 * vectors as int16, then 2 * (8 * tiles) + units bytes. @param output [time_steps or 1][units]
 */
void safe_kernel_rerolled_lstm_s8_rv32(const safe_rerolled_lstm_rv32_params_t *params,
                                       const int8_t *sequence, const int8_t *input_weights,
                                       const int8_t *recurrent_weights, const int32_t *first_bias,
                                       const uint32_t *input_scales,
                                       const uint32_t *recurrent_scales, const int8_t *bias,
                                       const uint8_t *packed, const uint8_t *bins,
                                       const int32_t *thresholds, const int32_t *exact,
                                       void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
