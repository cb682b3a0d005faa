/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm_v6m.h LSTM with int8 activations and an int16 cell state,
 * for Armv6-M. */
#ifndef SAFE_KERNEL_UNIDIRECTIONAL_SEQUENCE_LSTM_V6M_H
#define SAFE_KERNEL_UNIDIRECTIONAL_SEQUENCE_LSTM_V6M_H

#include <stdint.h>

#include "safe/kernel/dot8_v6m.h"
#include "safe/kernel/v6m.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gates in the order in which they are packed and computed. */
typedef enum safe_lstm_v6m_gate {
    SAFE_LSTM_V6M_INPUT = 0,
    SAFE_LSTM_V6M_CELL = 1,
    SAFE_LSTM_V6M_FORGET = 2,
    SAFE_LSTM_V6M_OUTPUT = 3,
} safe_lstm_v6m_gate_t;

/** Number of gates. */
#define SAFE_LSTM_V6M_GATES 4

/** Entries of the curve. */
#define SAFE_LSTM_V6M_ENTRIES 257

/** Shift of a safe_lstm_v6m_wide_t that is not applied. */
#define SAFE_LSTM_V6M_NARROW (-64)

/** Bits of the two lower parts of a multiplier. */
#define SAFE_LSTM_V6M_BITS 10

/** Bits that a product shifted by both lower parts has beyond one shifted by 31. */
#define SAFE_LSTM_V6M_ROUND (31 - 2 * SAFE_LSTM_V6M_BITS)

/** Rescaling of one term of a gate: the multiplier in three parts. */
typedef struct safe_lstm_v6m_term {
    int32_t low;    /**< Bits 0 to 9 of the multiplier. */
    int32_t middle; /**< Bits 10 to 19. */
    int32_t high;   /**< Bits 20 to 30. */
    int32_t addend; /**< 2^10 + 2^(10 + e): halves of both roundings. */
    int32_t shift;  /**< 11 + e, for the right shift e in [1, 19]. */
} safe_lstm_v6m_term_t;

/** Both terms of a gate, to Q3.12. */
typedef struct safe_lstm_v6m_terms {
    safe_lstm_v6m_term_t input;
    safe_lstm_v6m_term_t recurrent;
} safe_lstm_v6m_terms_t;

/** A term of a gate whose sum or scale is too large for safe_lstm_v6m_term_t: rescaled before. */
typedef struct safe_lstm_v6m_wide {
    int32_t multiplier;
    int32_t shift; /**< See safe_requantize, or SAFE_LSTM_V6M_NARROW. */
} safe_lstm_v6m_wide_t;

/** Constants of one call. Steps are in elements. */
typedef struct safe_lstm_v6m_params {
    int32_t batches;
    int32_t time_steps;
    int32_t input_size;
    int32_t units;
    int32_t input_batch_step; /**< From one batch of the input to the next. */
    int32_t input_time_step;  /**< From one time step of the input to the next. */
    int32_t output_batch_step;
    int32_t output_time_step;     /**< 0: every step overwrites the last, which alone is kept. */
    int32_t hidden_zero_point;    /**< [-128, 127] */
    int32_t update_addend;        /**< Input gate * cell gate -> cell state: 1 + 2^(shift - 1). */
    int32_t update_shift;         /**< [15, 30] */
    int32_t cell_clip;            /**< Cell state is limited to [-clip, clip_span - clip]. */
    int32_t cell_clip_span;       /**< 2 * clip; 65535 where clip is 32768, which is no limit. */
    int32_t tanh_multiplier;      /**< Multiplier of the cell state: 3 * 2^k with k <= 12. */
    int32_t tanh_addend;          /**< Half of 2^tanh_shift, or 0. */
    int32_t tanh_shift;           /**< [0, 3]: right */
    safe_v6m_rescale_t hidden;    /**< Output gate * tanh(cell state) -> hidden state. */
    int32_t recurrent_start_step; /**< From one tile's start to the next: 6 words or 0. */
    safe_lstm_v6m_terms_t gates[SAFE_LSTM_V6M_GATES];
    int32_t any_wide;                                   /**< 1 when a term is wide. */
    safe_lstm_v6m_wide_t wide[2 * SAFE_LSTM_V6M_GATES]; /**< Input, then recurrent. */
} safe_lstm_v6m_params_t;

/**
 * The same bytes as safe_kernel_unidirectional_sequence_lstm_s8, from packed weights.
 *
 * @param input, hidden_state, cell_state, output See safe_kernel_unidirectional_sequence_lstm_s8.
 * @param weights For every two units u and v a tile of safe_v6m_dot8 over the input, then one
 * over the hidden state, rows (u, v) of each gate; an odd last unit has a v of zeros.
 * @param input_start What the sums of each tile start from, see safe_v6m_dot8: bias with
 * -input_zero_point * sum(weights) folded in.
 * @param recurrent_start The same, -hidden_zero_point * sum(weights); where all are 0, one tile's
 * for all.
 * @param curve SAFE_LSTM_V6M_ENTRIES points of the upper half of the sigmoid, see
 * `codegen/backends/native/v6m/unidirectional_sequence_lstm.py`.
 * @param scratch Vectors of safe_v6m_widen: the input of a step, then the hidden state before it.
 * `codegen/backends/native/v6m/unidirectional_sequence_lstm.py` proves the bounds of
 * safe_lstm_v6m_term_t and safe_v6m_dot8 for every row.
 */
void safe_kernel_unidirectional_sequence_lstm_s8_v6m(
    const safe_lstm_v6m_params_t *params, const int8_t *input, const uint32_t *weights,
    const uint32_t *input_start, const uint32_t *recurrent_start, const int16_t *curve,
    int8_t *hidden_state, int16_t *cell_state, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
