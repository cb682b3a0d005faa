/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_lstm.h An unrolled Keras LSTM as a loop: one copy of the weights, and the scales
 * of each step in a table, because the converter gives every int8 value of every step its own. */
#ifndef SAFE_KERNEL_REROLLED_LSTM_H
#define SAFE_KERNEL_REROLLED_LSTM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Thresholds of an activation: from which Q4.27 argument on the result is -127, ..., 127. */
#define SAFE_REROLLED_THRESHOLDS 255

/** Entries of the two tables per step; the order is that of
 * `codegen/operators/recurrent/rerolled.py`. */
enum safe_rerolled_multiplier {
    SAFE_REROLLED_INPUT_HIGH, /**< Input scale / output scale, 64 bits of its fraction. */
    SAFE_REROLLED_INPUT_LOW,
    SAFE_REROLLED_RECURRENT_HIGH,
    SAFE_REROLLED_RECURRENT_LOW,
    SAFE_REROLLED_SUM2, /**< Two for each sum: of the smaller scale's side, and of the sum. */
    SAFE_REROLLED_SUM,
    SAFE_REROLLED_GATES2,
    SAFE_REROLLED_GATES,
    SAFE_REROLLED_CELL2,
    SAFE_REROLLED_CELL,
    SAFE_REROLLED_ACTIVATION,
    SAFE_REROLLED_CELL_TANH,
    SAFE_REROLLED_UPDATE,
    SAFE_REROLLED_FORGET,
    SAFE_REROLLED_HIDDEN,
    SAFE_REROLLED_MULTIPLIERS
};
enum safe_rerolled_small {
    SAFE_REROLLED_INPUT_EXPONENT,
    SAFE_REROLLED_INPUT_ZERO,
    SAFE_REROLLED_RECURRENT_EXPONENT,
    SAFE_REROLLED_RECURRENT_ZERO,
    SAFE_REROLLED_SUM_SIDE, /**< Words of each sum: shift2, sign2, shift, swapped, zero point. */
    SAFE_REROLLED_GATES_SIDE = SAFE_REROLLED_SUM_SIDE + 5,
    SAFE_REROLLED_CELL_SIDE = SAFE_REROLLED_GATES_SIDE + 5,
    SAFE_REROLLED_GATES_ZERO = SAFE_REROLLED_GATES_SIDE + 4,
    SAFE_REROLLED_CELL_ZERO = SAFE_REROLLED_CELL_SIDE + 4,
    SAFE_REROLLED_ACTIVATION_SHIFT,
    SAFE_REROLLED_CELL_TANH_SHIFT,
    SAFE_REROLLED_UPDATE_SHIFT,
    SAFE_REROLLED_UPDATE_ZERO,
    SAFE_REROLLED_FORGET_SHIFT,
    SAFE_REROLLED_FORGET_ZERO,
    SAFE_REROLLED_HIDDEN_SHIFT,
    SAFE_REROLLED_HIDDEN_ZERO,
    SAFE_REROLLED_SMALLS
};

/** Constants of one call. */
typedef struct safe_rerolled_lstm_params {
    int32_t time_steps;
    int32_t input_size;
    int32_t units;
    int32_t output_step; /**< Bytes from one hidden state to the next: units, or 0: last only. */
    int32_t input_zero_point;
    int32_t bias_zero_point; /**< Zero point of the int8 bias. */
} safe_rerolled_lstm_params_t;

/** Results of the 256 values of a gate or the cell, in one step. */
typedef struct safe_rerolled_lstm_tables {
    int8_t sigmoid[256];
    int8_t tanh[256];
} safe_rerolled_lstm_tables_t;

/**
 * The hidden state after each step, or after the last, from a reset state.
 *
 * @param sequence [time_steps][input_size]. @param input_weights [4 * units][input_size].
 * @param recurrent_weights [4 * units][units]. @param input_scales, recurrent_scales float32
 * scales of the weights' rows, as bits. @param first_bias [4 * units], of the first step.
 * @param bias int8[4 * units], of all others. @param multipliers [time_steps][multipliers].
 * @param smalls [time_steps][smalls]. @param sigmoid, tanh Thresholds. @param scratch [9 * units].
 * @param tables For the activations of one step. @param output [time_steps or 1][units].
 * The generator proves each multiplier and each activation equal with those of the unrolled
 * graph, and that sums fit. Source of the arithmetic: TFLM's reference_integer_ops.
 */
void safe_kernel_rerolled_lstm_s8(const safe_rerolled_lstm_params_t *params, const int8_t *sequence,
                                  const int8_t *input_weights, const int8_t *recurrent_weights,
                                  const uint32_t *input_scales, const uint32_t *recurrent_scales,
                                  const int32_t *first_bias, const int8_t *bias,
                                  const uint32_t *multipliers, const int8_t *smalls,
                                  const int32_t *sigmoid, const int32_t *tanh, int8_t *scratch,
                                  safe_rerolled_lstm_tables_t *tables, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
