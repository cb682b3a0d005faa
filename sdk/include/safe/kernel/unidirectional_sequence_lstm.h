/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm.h LSTM with int8 activations and an int16 cell state. */
#ifndef SAFE_KERNEL_UNIDIRECTIONAL_SEQUENCE_LSTM_H
#define SAFE_KERNEL_UNIDIRECTIONAL_SEQUENCE_LSTM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Gates of a unit, in the order in which weights, bias and scales are packed. */
typedef enum safe_lstm_gate {
    SAFE_LSTM_GATE_INPUT = 0,
    SAFE_LSTM_GATE_FORGET = 1,
    SAFE_LSTM_GATE_CELL = 2,
    SAFE_LSTM_GATE_OUTPUT = 3,
} safe_lstm_gate_t;

/** Number of gates. */
#define SAFE_LSTM_GATES 4

/** Constants of one call. Steps are in elements. */
typedef struct safe_lstm_params {
    int32_t batches;
    int32_t time_steps;
    int32_t input_size;
    int32_t units;
    int32_t input_batch_step; /**< From one batch of the input to the next. */
    int32_t input_time_step;  /**< From one time step of the input to the next. */
    int32_t output_batch_step;
    int32_t output_time_step;  /**< 0: every step overwrites the last, which alone is kept. */
    int32_t forget_multiplier; /**< forget gate * cell state -> cell state. */
    int32_t forget_shift;
    int32_t update_multiplier; /**< input gate * cell gate -> cell state. */
    int32_t update_shift;
    int32_t hidden_multiplier; /**< output gate * tanh(cell state) -> hidden state. */
    int32_t hidden_shift;
    int32_t hidden_zero_point; /**< [-128, 127] */
    int32_t cell_clip;         /**< Cell state is limited to [-clip, clip]; 32768: no limit. */
    int32_t tanh_multiplier;   /**< Multiplier of the cell state; see safe_tanh_s16. */
    int32_t tanh_shift;
} safe_lstm_params_t;

/**
 * Runs all time steps of all batches and leaves the state for the next call.
 *
 * Per unit u and gate g, with h the hidden state of the step before:
 *   a = sat16(requantize(input_bias[u][g] + sum_k x[k] * input_weights[u][g][k]))
 *   b = sat16(requantize(recurrent_bias[u][g] + sum_k h[k] * recurrent_weights[u][g][k]))
 *   gate = activation(sat16(a + b)), Q3.12 to Q0.15: tanh for CELL, sigmoid for the others
 *   cell = clip(sat16(sat16(requantize(forget * cell)) + sat16(requantize(input * cell_gate))))
 *   hidden = sat8(requantize(output_gate * tanh(cell)) + hidden_zero_point)
 *
 * @param input [batches][time_steps][input_size], or with the first two swapped (the steps of
 * `params` say which). @param input_weights [units][4][input_size], @param recurrent_weights
 * [units][4][units]: the four gates of a unit are neighbours; in the order that this variant of
 * the kernel reads, chosen by `codegen/operators/recurrent/unidirectional_sequence_lstm.py`.
 * @param input_bias, recurrent_bias [units][4], with -zero_point * sum(weights) folded in. The
 * generator proves |bias| + 128 * sum |weights| < 2^31 for each row, and the same times 2^shift
 * for a left shift. @param scales [2][4][2]: multiplier and shift of the input terms of the four
 * gates, then of the recurrent terms. @param sigmoid_table SAFE_SIGMOID_ENTRIES values.
 * @param hidden_state [batches][units]; hidden_zero_point at reset. @param cell_state
 * [batches][units]; 0 at reset. @param scratch Size from the generator; unused here.
 * @param output Hidden state of each step, [batches][time_steps][units] or swapped, or of the
 * last step only. Overlaps neither input nor states.
 * Source of the arithmetic: TFLM lstm_eval (int8 activations, int8 weights, int16 cell).
 */
void safe_kernel_unidirectional_sequence_lstm_s8(
    const safe_lstm_params_t *params, const int8_t *input, const int8_t *input_weights,
    const int32_t *input_bias, const int8_t *recurrent_weights, const int32_t *recurrent_bias,
    const int32_t *scales, const uint16_t *sigmoid_table, int8_t *hidden_state, int16_t *cell_state,
    void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
