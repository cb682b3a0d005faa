/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm.c Reference LSTM: gates, cell and hidden state of one unit
 * after the other, so that nothing but the state is stored. */
#include "safe/kernel/goal.h"

#include "safe/kernel/unidirectional_sequence_lstm.h"

#include <stddef.h>
#include <string.h>

#include "safe/fixed_point.h"
#include "safe/kernel/dot.h"
#include "safe/kernel/sigmoid.h"

/** Limits to int16. */
static inline int32_t saturate_s16(int32_t value)
{
    return safe_clamp(value, INT16_MIN, INT16_MAX);
}

/** Product of two int16, rescaled and limited to int16. |a * b| <= 2^30, and shift <= 0. */
static inline int32_t multiply_s16(int32_t a, int32_t b, int32_t multiplier, int32_t shift)
{
    return saturate_s16(safe_requantize(a * b, multiplier, shift));
}

/** Adds to gate[] the four sums of one source, each rescaled to Q3.12 and limited to int16. */
static void add_terms(const int32_t sum[SAFE_LSTM_GATES], const int32_t *scales,
                      int32_t gate[SAFE_LSTM_GATES])
{
    for (int32_t g = 0; g < SAFE_LSTM_GATES; g++) {
        const int32_t term = safe_requantize(sum[g], scales[2 * g], scales[2 * g + 1]);
        gate[g] = saturate_s16(gate[g] + saturate_s16(term));
    }
}

/** Updates the cell state of one unit and returns its hidden state. */
static int8_t update_unit(const safe_lstm_params_t *params, const int32_t gate[SAFE_LSTM_GATES],
                          const uint16_t *table, int16_t *cell_state)
{
    const int32_t input = safe_sigmoid_s16((int16_t)gate[SAFE_LSTM_GATE_INPUT], table);
    const int32_t forget = safe_sigmoid_s16((int16_t)gate[SAFE_LSTM_GATE_FORGET], table);
    const int32_t cell = safe_tanh_s16((int16_t)gate[SAFE_LSTM_GATE_CELL], 3, 0, table);
    const int32_t output = safe_sigmoid_s16((int16_t)gate[SAFE_LSTM_GATE_OUTPUT], table);
    const int32_t kept =
        multiply_s16(forget, *cell_state, params->forget_multiplier, params->forget_shift);
    const int32_t added =
        multiply_s16(input, cell, params->update_multiplier, params->update_shift);
    const int32_t state =
        safe_clamp(saturate_s16(kept + added), -params->cell_clip, params->cell_clip);
    *cell_state = (int16_t)state;
    const int32_t squashed =
        safe_tanh_s16((int16_t)state, params->tanh_multiplier, params->tanh_shift, table);
    const int32_t hidden =
        safe_requantize(squashed * output, params->hidden_multiplier, params->hidden_shift);
    return (int8_t)safe_clamp(hidden + params->hidden_zero_point, INT8_MIN, INT8_MAX);
}

void safe_kernel_unidirectional_sequence_lstm_s8(
    const safe_lstm_params_t *params, const int8_t *input, const int8_t *input_weights,
    const int32_t *input_bias, const int8_t *recurrent_weights, const int32_t *recurrent_bias,
    const int32_t *scales, const uint16_t *sigmoid_table, int8_t *hidden_state, int16_t *cell_state,
    void *scratch, int8_t *output)
{
    const int32_t units = params->units;
    const int32_t inputs = params->input_size;
    const int32_t *recurrent_scales = &scales[2 * SAFE_LSTM_GATES];
    (void)scratch;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t t = 0; t < params->time_steps; t++) {
            const int8_t *x =
                &input[batch * params->input_batch_step + t * params->input_time_step];
            int8_t *y = &output[batch * params->output_batch_step + t * params->output_time_step];
            for (int32_t unit = 0; unit < units; unit++) {
                const int32_t row = unit * SAFE_LSTM_GATES;
                int32_t gate[SAFE_LSTM_GATES] = {0};
                int32_t sum[SAFE_LSTM_GATES];
                (void)memcpy(sum, &input_bias[row], sizeof sum);
                safe_dot4_s8(x, &input_weights[row * inputs], inputs, inputs, sum);
                add_terms(sum, scales, gate);
                (void)memcpy(sum, &recurrent_bias[row], sizeof sum);
                safe_dot4_s8(hidden_state, &recurrent_weights[row * units], units, units, sum);
                add_terms(sum, recurrent_scales, gate);
                y[unit] = update_unit(params, gate, sigmoid_table, &cell_state[unit]);
            }
            /* Only now: every unit reads the hidden state of the step before. */
            (void)memcpy(hidden_state, y, (size_t)units);
        }
        hidden_state += units;
        cell_state += units;
    }
}
