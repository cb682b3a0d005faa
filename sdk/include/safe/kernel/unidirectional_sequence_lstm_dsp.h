/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm_dsp.h LSTM with int8 activations and an int16 cell state,
 * for the DSP extension. */
#ifndef SAFE_KERNEL_UNIDIRECTIONAL_SEQUENCE_LSTM_DSP_H
#define SAFE_KERNEL_UNIDIRECTIONAL_SEQUENCE_LSTM_DSP_H

#include <stdint.h>

#include "safe/kernel/dot8_dsp.h"
#include "safe/kernel/lstm_terms_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gates in the order in which they are packed and computed. */
typedef enum safe_lstm_dsp_gate {
    SAFE_LSTM_DSP_INPUT = 0,
    SAFE_LSTM_DSP_CELL = 1,
    SAFE_LSTM_DSP_FORGET = 2,
    SAFE_LSTM_DSP_OUTPUT = 3,
} safe_lstm_dsp_gate_t;

/** Lines of the interpolated sigmoid. */
#define SAFE_LSTM_DSP_LINES 256

/** Words of scratch memory: of two steps the expanded input and the terms, and the expanded hidden
 * state. */
#define SAFE_LSTM_DSP_SCRATCH_WORDS(input_blocks, unit_blocks, tiles)                              \
    (SAFE_LSTM_INPUT_WORDS(input_blocks) + SAFE_DOT8_WORDS(unit_blocks) +                          \
     2u * SAFE_LSTM_DSP_GATES * (tiles))

/** Constants of the cell and hidden state of every unit. The kernel copies them to its stack: read
 * from flash for every two units, they and the sigmoid would drive each other out of a data cache
 * of a few lines. */
typedef struct safe_lstm_dsp_cell {
    int32_t update_addend;     /**< Input gate * cell gate -> cell state: 1 + 2^(shift - 1). */
    int32_t update_shift;      /**< [15, 30] */
    int32_t cell_clip;         /**< Cell state is limited to [-clip, clip_span - clip]. */
    int32_t cell_clip_span;    /**< 2 * clip; 65535 where clip is 32768, which is no limit. */
    int32_t tanh_multiplier;   /**< Multiplier of the cell state: 3 * 2^k with k <= 12. */
    int32_t tanh_addend;       /**< Half of 2^tanh_shift, or 0. */
    int32_t tanh_shift;        /**< [0, 3]: right */
    safe_dsp_rescale_t hidden; /**< Output gate * tanh(cell state) -> hidden state. */
} safe_lstm_dsp_cell_t;

/** Constants of one call. Steps are in elements. */
typedef struct safe_lstm_dsp_params {
    int32_t batches;
    int32_t time_steps;
    int32_t input_size; /**< At most 8188, as `units`. */
    int32_t units;
    int32_t input_batch_step; /**< From one batch of the input to the next. */
    int32_t input_time_step;  /**< From one time step of the input to the next. */
    int32_t output_batch_step;
    int32_t output_time_step;  /**< 0: every step overwrites the last, which alone is kept. */
    int32_t hidden_zero_point; /**< [-128, 127] */
    safe_lstm_dsp_cell_t cell;
    safe_dsp_rescale_t input[SAFE_LSTM_DSP_GATES];     /**< To Q3.12. */
    safe_dsp_rescale_t recurrent[SAFE_LSTM_DSP_GATES]; /**< To Q3.12. */
    int32_t is_wide[2]; /**< 1 where a term is wide: of the input, of the hidden state. */
    safe_lstm_dsp_wide_t wide[2 * SAFE_LSTM_DSP_GATES]; /**< Input, then recurrent. */
} safe_lstm_dsp_params_t;

/**
 * The same bytes as safe_kernel_unidirectional_sequence_lstm_s8, from packed weights.
 *
 * @param input, hidden_state, cell_state, output See safe_kernel_unidirectional_sequence_lstm_s8.
 * @param input_weights For every two units u and v half a tile of safe_dsp_lstm_input with the rows
 * (u, v) of the first two gates, then for all units that of the others; an odd last unit has a v of
 * zeros. Sums start from the bias with -input_zero_point * sum(weights) folded in.
 * @param recurrent_weights For every two units a tile of safe_dsp_dot8, rows (u, v) of each gate.
 * The zero point of the hidden state is subtracted as it is expanded.
 * @param lines SAFE_LSTM_DSP_LINES of the interpolated sigmoid, see
 * `codegen/backends/native/dsp/unidirectional_sequence_lstm.py`.
 * @param scratch SAFE_LSTM_DSP_SCRATCH_WORDS words.
 * `unidirectional_sequence_lstm.py` proves the bounds of safe_dsp_dot8 and safe_dsp_rescale for
 * every row.
 */
void safe_kernel_unidirectional_sequence_lstm_s8_dsp(
    const safe_lstm_dsp_params_t *params, const int8_t *input, const uint32_t *input_weights,
    const uint32_t *recurrent_weights, const uint32_t *lines, int8_t *hidden_state,
    int16_t *cell_state, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
