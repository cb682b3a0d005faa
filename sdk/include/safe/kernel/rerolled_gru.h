/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_gru.h An unrolled Keras GRU (reset_after) as a loop: one copy of the weights, and
 * the scales of each step in a table. */
#ifndef SAFE_KERNEL_REROLLED_GRU_H
#define SAFE_KERNEL_REROLLED_GRU_H

#include <stdint.h>

#include "safe/kernel/rerolled_gru_step.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_rerolled_gru_params {
    int32_t time_steps;
    int32_t input_size;
    int32_t units;
    int32_t output_step;      /**< Bytes from one hidden state to the next: units, or 0: last. */
    int32_t input_zero_point; /**< [-128, 127] */
} safe_rerolled_gru_params_t;

/**
 * The hidden state after each step, or after the last, from a reset state.
 *
 * @param sequence [time_steps][input_size] @param input_weights [3 * units][input_size]
 * @param recurrent_weights [3 * units][units] @param input_bias [3 * units]
 * @param first_terms [3 * units]: recurrent terms of the first step.
 * @param recurrent_bias [time_steps - 1][3 * units] @param input_scales, recurrent_scales A
 * fraction of 2^31 for each row. @param packed Words of the steps, see safe_rerolled_unpack. @param
 * bins, thresholds, exact See safe_rerolled_shared_t. @param scratch SAFE_GRU_WORDS words, then 6 *
 * units bytes.
 * @param output [time_steps or 1][units]
 * `codegen/operators/recurrent/gru_fit.py` finds constants that give TFLM's bytes, or none. Source
 * of the arithmetic: TFLM's reference_integer_ops.
 */
void safe_kernel_rerolled_gru_s8(const safe_rerolled_gru_params_t *params, const int8_t *sequence,
                                 const int8_t *input_weights, const int8_t *recurrent_weights,
                                 const int32_t *input_bias, const int8_t *first_terms,
                                 const int32_t *recurrent_bias, const uint32_t *input_scales,
                                 const uint32_t *recurrent_scales, const uint8_t *packed,
                                 const uint8_t *bins, const int32_t *thresholds,
                                 const int32_t *exact, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
