/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm_mve.c LSTM: all gates of four units at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/unidirectional_sequence_lstm_mve.h"

#include "safe/compiler.h"
#include "safe/fixed_point.h"
#include "safe/kernel/dot4_mve.h"
#include "safe/kernel/mve_copy.h"
#include "safe/kernel/mve_requantize.h"
#include "safe/kernel/mve_sigmoid.h"

/** What the tiles of a step read; weights and start move from tile to tile. */
typedef struct step {
    const int8_t *weights;
    const int32_t *start;
    const int8_t *input;
    const int8_t *recurrent;
    uint32_t input_blocks;
    uint32_t recurrent_blocks;
    const uint32_t *lines;
} step_t;

static inline safe_mve_s32_t requantized(safe_mve_s32_t sum, const safe_lstm_mve_scale_t *scale)
{
    return safe_mve_requantize_n(sum, scale->multiplier, scale->shift);
}

/** Rescales the wide terms of a gate: four times the result passes the rescaling of the others, by
 * 2^30 / 2^31 and a shift by 1, unchanged. @param sums Four of the input, four of the hidden state.
 */
static SAFE_NOINLINE void rescale_wide(int32_t sums[2 * SAFE_DOT4_ROWS],
                                       const safe_lstm_mve_scale_t wide[2])
{
    for (int32_t k = 0; k < 2 * SAFE_DOT4_ROWS; k++) {
        const safe_lstm_mve_scale_t *scale = &wide[k / SAFE_DOT4_ROWS];
        if (scale->shift != SAFE_LSTM_MVE_NARROW) {
            const int32_t value = safe_requantize(sums[k], scale->multiplier, scale->shift);
            sums[k] = 4 * safe_clamp(value, INT16_MIN, INT16_MAX);
        }
    }
}

/** A gate of four units before its activation, in Q3.12. The terms are limited to int16, and so is
 * their sum: in the upper halves, where the limits are those of 32 bits. What a limit leaves in the
 * lower half is shifted out. */
static inline safe_mve_s32_t gate_of(const safe_lstm_mve_params_t *params, step_t *step,
                                     int32_t gate)
{
    const safe_lstm_mve_scale_t *terms = &params->terms[2 * gate];
    safe_mve_s32_t input =
        safe_mve_dot4(step->weights, step->input, step->input_blocks, step->start);
    step->weights += SAFE_DOT4_TILE_BYTES(step->input_blocks);
    safe_mve_s32_t recurrent = safe_mve_dot4(step->weights, step->recurrent, step->recurrent_blocks,
                                             &step->start[SAFE_DOT4_ROWS]);
    step->weights += SAFE_DOT4_TILE_BYTES(step->recurrent_blocks);
    step->start += 2 * SAFE_DOT4_ROWS;
    if (SAFE_UNLIKELY(params->any_wide != 0)) {
        int32_t sums[2 * SAFE_DOT4_ROWS];
        safe_mve_store(sums, input);
        safe_mve_store(&sums[SAFE_DOT4_ROWS], recurrent);
        rescale_wide(sums, &params->wide[2 * gate]);
        input = safe_mve_load(sums);
        recurrent = safe_mve_load(&sums[SAFE_DOT4_ROWS]);
    }
    input = safe_mve_qshl16(requantized(input, &terms[0]));
    recurrent = safe_mve_qshl16(requantized(recurrent, &terms[1]));
    return SAFE_MVE_SHR(safe_mve_qadd(input, recurrent), 16);
}

/** Cell and hidden state of up to four units. */
static inline void update_units(const safe_lstm_mve_params_t *params, step_t *step, int8_t *hidden,
                                int16_t *cell, int32_t count)
{
    const safe_mve_s32_t last = safe_mve_dup(SAFE_MVE_LINES - 1);
    const uint32_t *lines = step->lines;
    const safe_mve_s32_t input =
        safe_mve_sigmoid(gate_of(params, step, SAFE_LSTM_MVE_INPUT), lines);
    safe_mve_s32_t gate = safe_mve_mul_n(gate_of(params, step, SAFE_LSTM_MVE_CELL), 3);
    const safe_mve_s32_t candidate = safe_mve_tanh(gate, last, lines);
    /* New cell state = forget gate * old one + input gate * candidate, each product rounded by
     * itself as TFLM does, then clipped; a product is at most 2^30. */
    safe_mve_s32_t state = requantized(safe_mve_mul(input, candidate), &params->update);
    gate = safe_mve_sigmoid(gate_of(params, step, SAFE_LSTM_MVE_FORGET), lines);
    const safe_mve_s32_t before = safe_mve_load_some_s16(cell, count);
    state = safe_mve_add(state, requantized(safe_mve_mul(gate, before), &params->forget));
    state = safe_mve_max(state, safe_mve_dup(params->cell_low));
    state = safe_mve_min(state, safe_mve_dup(params->cell_high));
    safe_mve_store_some_s16(cell, state, count);
    /* Hidden state = output gate * tanh(cell state). */
    gate = safe_mve_sigmoid(gate_of(params, step, SAFE_LSTM_MVE_OUTPUT), lines);
    state = safe_mve_rshl_n(safe_mve_mul_n(state, params->tanh_multiplier), params->tanh_shift);
    state = safe_mve_mul(gate, safe_mve_tanh(state, last, lines));
    state = safe_mve_add_n(requantized(state, &params->hidden), params->hidden_zero_point);
    state = safe_mve_max(state, safe_mve_dup(INT8_MIN));
    state = safe_mve_min(state, safe_mve_dup(INT8_MAX));
    safe_mve_store_some_s8(hidden, state, count);
}

/** All units of one step; the hidden state is replaced, as its copy is read. */
static SAFE_NOINLINE void run_step(const safe_lstm_mve_params_t *params, step_t step,
                                   int8_t *hidden, int16_t *cell)
{
    for (int32_t left = params->units; left > 0; left -= SAFE_DOT4_ROWS) {
        update_units(params, &step, hidden, cell, left);
        hidden += SAFE_DOT4_ROWS;
        cell += SAFE_DOT4_ROWS;
    }
}

void safe_kernel_unidirectional_sequence_lstm_s8_mve(const safe_lstm_mve_params_t *params,
                                                     const int8_t *input, const int8_t *weights,
                                                     const int32_t *start, const uint32_t *lines,
                                                     int8_t *hidden_state, int16_t *cell_state,
                                                     void *scratch, int8_t *output)
{
    const int32_t units = params->units;
    const uint32_t input_blocks = SAFE_MVE_BLOCKS(params->input_size);
    const uint32_t blocks = SAFE_MVE_BLOCKS(units);
    int8_t *const values = (int8_t *)scratch;
    int8_t *const recurrent = &values[16u * input_blocks];
    const step_t step = {weights, start, values, recurrent, input_blocks, blocks, lines};
    /* What lies behind the values in their last blocks is multiplied by 0. */
    safe_mve_fill(values, 0, (int32_t)(16u * (input_blocks + blocks)));
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const int8_t *x = input;
        int8_t *y = output;
        for (int32_t t = 0; t < params->time_steps; t++) {
            safe_mve_copy(values, x, params->input_size);
            safe_mve_copy(recurrent, hidden_state, units);
            run_step(params, step, hidden_state, cell_state);
            safe_mve_copy(y, hidden_state, units);
            x += params->input_time_step;
            y += params->output_time_step;
        }
        input += params->input_batch_step;
        output += params->output_batch_step;
        hidden_state += units;
        cell_state += units;
    }
}
