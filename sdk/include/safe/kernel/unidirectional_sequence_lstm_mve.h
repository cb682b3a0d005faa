/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm_mve.h LSTM with int8 activations and an int16 cell state, for
 * the M-profile vector extension. */
#ifndef SAFE_KERNEL_UNIDIRECTIONAL_SEQUENCE_LSTM_MVE_H
#define SAFE_KERNEL_UNIDIRECTIONAL_SEQUENCE_LSTM_MVE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Gates in the order in which they are packed and computed. */
typedef enum safe_lstm_mve_gate {
    SAFE_LSTM_MVE_INPUT = 0,
    SAFE_LSTM_MVE_CELL = 1,
    SAFE_LSTM_MVE_FORGET = 2,
    SAFE_LSTM_MVE_OUTPUT = 3,
} safe_lstm_mve_gate_t;

/** Number of gates. */
#define SAFE_LSTM_MVE_GATES 4

/** Shift of a term that is not wide. */
#define SAFE_LSTM_MVE_NARROW (-64)

/** Scale as safe_mve_requantize has it. */
typedef struct safe_lstm_mve_scale {
    int32_t multiplier;
    int32_t shift;
} safe_lstm_mve_scale_t;

/** Constants of one call. Steps are in elements. */
typedef struct safe_lstm_mve_params {
    int32_t batches;
    int32_t time_steps;
    int32_t input_size;
    int32_t units;
    int32_t input_batch_step; /**< From one batch of the input to the next. */
    int32_t input_time_step;  /**< From one time step of the input to the next. */
    int32_t output_batch_step;
    int32_t output_time_step;  /**< 0: every step overwrites the last, which alone is kept. */
    int32_t hidden_zero_point; /**< [-128, 127] */
    int32_t cell_low;          /**< Limits of the cell state, within int16. */
    int32_t cell_high;
    int32_t tanh_multiplier;      /**< Multiplier of the cell state: 3 * 2^k with k <= 12. */
    int32_t tanh_shift;           /**< [-3, 0]: right, halves up. */
    safe_lstm_mve_scale_t forget; /**< Forget gate * cell state -> cell state. */
    safe_lstm_mve_scale_t update; /**< Input gate * cell gate -> cell state. */
    safe_lstm_mve_scale_t hidden; /**< Output gate * tanh(cell state) -> hidden state. */
    /** Scales to Q3.12 of the input and of the hidden state, gate by gate. */
    safe_lstm_mve_scale_t terms[2 * SAFE_LSTM_MVE_GATES];
    int32_t any_wide;
    /** Scales of the wide terms, which need no right shift, as safe_requantize has them; the others
     * have SAFE_LSTM_MVE_NARROW for a shift. The pair in `terms` then makes a quarter of a number:
     * 2^30 and -1. */
    safe_lstm_mve_scale_t wide[2 * SAFE_LSTM_MVE_GATES];
} safe_lstm_mve_params_t;

/**
 * The same bytes as safe_kernel_unidirectional_sequence_lstm_s8, from packed weights.
 *
 * @param input, hidden_state, cell_state, output See safe_kernel_unidirectional_sequence_lstm_s8.
 * @param weights For every four units, gate by gate, a tile of safe_mve_dot4 for the input and one
 * for the hidden state, filled with zeros. @param start What the sums of these tiles start from,
 * four words each: the bias, and of both -zero_point * sum(weights) folded in.
 * @param lines SAFE_MVE_LINES of mve_sigmoid.h. @param scratch Input and hidden state of a step, in
 * whole blocks of 16 values each.
 * `codegen/backends/native/mve/unidirectional_sequence_lstm.py` packs, and proves the bounds of
 * safe_mve_requantize for every row, and that both products fit int16 as they are rescaled.
 */
void safe_kernel_unidirectional_sequence_lstm_s8_mve(const safe_lstm_mve_params_t *params,
                                                     const int8_t *input, const int8_t *weights,
                                                     const int32_t *start, const uint32_t *lines,
                                                     int8_t *hidden_state, int16_t *cell_state,
                                                     void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
