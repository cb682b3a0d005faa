/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm_rv32.c LSTM, two units at a time: their eight gates are one
 * tile. */
#include "safe/kernel/goal.h"

#include "safe/kernel/unidirectional_sequence_lstm_rv32.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/fixed_point.h"

/** Limits of int16, and of half the arguments of the table. */
enum { LIMIT_S16 = 1 << 15, LIMIT_ARGUMENT = 1 << 17 };

/** Fraction of the two-sided curve at z, without rounding: between entries i and i + 1 of the upper
 * half, z = 512 * i + rest; its lower half is the one's complement of the upper, as entry -1 - i
 * starts where entry i ends. -2^17 <= z < 2^17. */
static inline int32_t line_at(int32_t z, const int16_t *curve)
{
    /* z ^ sign is z, or -1 - z below 0, so that both halves find the same line. from[0] * 512 <
     * 2^24, and a difference of neighbours times 512 is below that: 32 bits hold the sum. */
    const int32_t sign = z < 0 ? -1 : 0;
    const int32_t positive = z ^ sign;
    const int16_t *from = &curve[positive >> 9];
    const int32_t rest = (positive & 511) - sign;
    return (from[0] * 512 + (from[1] - from[0]) * rest) ^ sign;
}

/** sigmoid(x / 2^12) in Q0.15: safe_sigmoid_s16 for any int16. */
static inline int32_t sigmoid(int32_t x, const int16_t *curve)
{
    /* (curve + 1) / 2 in Q0.15: the full scale of line_at is 2^24, and 2^9 rounds. */
    return (line_at(3 * x, curve) + 0x01000200) >> 10;
}

/** tanh in Q0.15 of half the table's argument: safe_tanh_s16 from there on. */
static inline int32_t hyperbolic(int32_t half, const int16_t *curve)
{
    return (line_at(safe_rv32_saturate(2 * half, LIMIT_ARGUMENT), curve) + 256) >> 9;
}

/** One term of a gate in Q3.12, limited to int16. */
static inline int32_t term(int32_t sum, safe_rv32_rescale_t rescale)
{
    return safe_rv32_saturate(safe_rv32_rescale(sum, rescale), LIMIT_S16);
}

/** A gate before its activation: the terms of input and hidden state. @param sums Sums of one unit,
 * in steps of two gates by two units: the input's tile and then the hidden state's. */
static inline int32_t gate_of(const safe_lstm_rv32_params_t *params, int32_t gate,
                              const int32_t *sums)
{
    const int32_t input = term(sums[2 * gate], params->input[gate]);
    const int32_t recurrent = term(sums[SAFE_DOT8_RV32_ROWS + 2 * gate], params->recurrent[gate]);
    return safe_rv32_saturate(input + recurrent, LIMIT_S16);
}

/** forget * cell in the cell's scale: by 2^30 / 2^31 with halves up, then by 2^-14 with halves
 * away from zero; forget >= 0. The result fits int16, as |forget| < 2^15. */
static inline int32_t kept(int32_t forget, int32_t cell)
{
    return (forget * cell + 1 + (1 << 14) - (cell < 0 ? 2 : 0)) >> 15;
}

/** input gate * cell gate in the cell's scale, rounded alike; fits int16 as update_shift >= 15. */
static inline int32_t added(const safe_lstm_rv32_params_t *params, int32_t input, int32_t cell)
{
    return (input * cell + params->update_addend - (cell < 0 ? 2 : 0)) >> params->update_shift;
}

/** The cell state within its limits. */
static inline int32_t clipped(const safe_lstm_rv32_params_t *params, int32_t cell)
{
    if ((uint32_t)(cell + params->cell_clip) > (uint32_t)params->cell_clip_span) {
        cell = cell < 0 ? -params->cell_clip : params->cell_clip_span - params->cell_clip;
    }
    return cell;
}

/** Half the table's argument for tanh of a cell state; below 2^29. */
static inline int32_t tanh_argument(const safe_lstm_rv32_params_t *params, int32_t cell)
{
    return (cell * params->tanh_multiplier + params->tanh_addend) >> params->tanh_shift;
}

/** Cell and hidden state of one unit from its sums, see gate_of. */
static SAFE_NOINLINE void update_unit(const safe_lstm_rv32_params_t *params, const int32_t *sums,
                                      const int16_t *curve, int8_t *hidden, int16_t *cell)
{
    const int32_t input = sigmoid(gate_of(params, SAFE_LSTM_RV32_INPUT, sums), curve);
    const int32_t value = hyperbolic(3 * gate_of(params, SAFE_LSTM_RV32_CELL, sums), curve);
    const int32_t forget = sigmoid(gate_of(params, SAFE_LSTM_RV32_FORGET, sums), curve);
    const int32_t output = sigmoid(gate_of(params, SAFE_LSTM_RV32_OUTPUT, sums), curve);
    /* New cell state = forget gate * old one + input gate * candidate, each product rounded by
     * itself as TFLM does. Both fit int16, so the sum fits. */
    const int32_t state = clipped(params, kept(forget, *cell) + added(params, input, value));
    const int32_t shown = hyperbolic(tanh_argument(params, state), curve);
    *cell = (int16_t)state;
    *hidden = (int8_t)safe_rv32_rescale_s8(output * shown, params->hidden);
}

/** Rescales the wide terms of 16 sums; four times the result passes the rescaling of the others,
 * by 2 * 2^30 / 2^32 and a shift by 1, unchanged. */
static SAFE_NOINLINE void rescale_wide(const safe_lstm_rv32_params_t *params, int32_t *sums)
{
    for (int32_t k = 0; k < 2 * SAFE_DOT8_RV32_ROWS; k++) {
        const safe_lstm_rv32_wide_t *wide = &params->wide[k / 2];
        if (wide->shift != SAFE_LSTM_RV32_NARROW) {
            /* The other terms are rescaled by 2 * 2^30 / 2^32 and a shift by 1, which is 1 / 4:
             * four times the result comes out as it is. */
            const int32_t value = safe_requantize(sums[k], wide->multiplier, wide->shift);
            sums[k] = 4 * safe_rv32_saturate(value, LIMIT_S16);
        }
    }
}

/** What one step reads besides parameters and lines. */
typedef struct step {
    const int8_t *weights;
    const int32_t *input_start;
    const int32_t *recurrent_start;
    const int8_t *input;
    const int8_t *recurrent; /**< Hidden state before the step; null when all zero points. */
} step_t;

/** All units of one step. */
static void run_step(const safe_lstm_rv32_params_t *params, const step_t *step,
                     const int16_t *curve, int8_t *hidden, int16_t *cell)
{
    const int8_t *weights = step->weights;
    const int32_t *input_start = step->input_start;
    const int32_t *recurrent_start = step->recurrent_start;
    for (int32_t unit = 0; unit < params->units; unit += 2) {
        int32_t sums[2 * SAFE_DOT8_RV32_ROWS];
        int32_t *const recurrent = &sums[SAFE_DOT8_RV32_ROWS];
        /* The eight gates of two units from the input, then from the hidden state: two tiles of
         * eight sums. */
        weights = safe_rv32_dot8(weights, step->input, params->input_size, input_start, sums);
        input_start += SAFE_DOT8_RV32_ROWS;
        if (step->recurrent != NULL) {
            weights =
                safe_rv32_dot8(weights, step->recurrent, params->units, recurrent_start, recurrent);
        } else {
            /* In the first step the hidden state is all zero points: its products are 0, and its
             * tile is passed over. */
            weights += SAFE_DOT8_RV32_ROWS * params->units;
            (void)memset(recurrent, 0, sizeof sums / 2);
        }
        recurrent_start += params->recurrent_start_step;
        if (params->any_wide != 0) {
            rescale_wide(params, sums);
        }
        update_unit(params, sums, curve, &hidden[unit], &cell[unit]);
        if (unit + 1 < params->units) {
            update_unit(params, &sums[1], curve, &hidden[unit + 1], &cell[unit + 1]);
        }
    }
}

/** Copies the hidden state. Returns whether it is as after a reset: then its products are all 0. */
static int32_t hold(int8_t *recurrent, const int8_t *hidden, int32_t units, int32_t zero_point)
{
    int32_t difference = 0;
    for (int32_t k = 0; k < units; k++) {
        recurrent[k] = hidden[k];
        difference |= hidden[k] - zero_point;
    }
    return difference == 0;
}

void safe_kernel_unidirectional_sequence_lstm_s8_rv32(
    const safe_lstm_rv32_params_t *params, const int8_t *input, const int8_t *weights,
    const int32_t *input_start, const int32_t *recurrent_start, const int16_t *curve,
    int8_t *hidden_state, int16_t *cell_state, void *scratch, int8_t *output)
{
    const int32_t units = params->units;
    int8_t *recurrent = (int8_t *)scratch;
    step_t step = {weights, input_start, recurrent_start, input, recurrent};
    for (int32_t batch = 0; batch < params->batches; batch++) {
        int8_t *y = output;
        step.input = input;
        for (int32_t t = 0; t < params->time_steps; t++) {
            /* All units read the hidden state as it was before the step, so a copy is made; it is
             * compared with the zero point on the way. */
            const int32_t idle =
                hold(recurrent, hidden_state, units, params->hidden_zero_point) != 0 && t == 0;
            step.recurrent = idle ? NULL : recurrent;
            run_step(params, &step, curve, hidden_state, cell_state);
            for (int32_t k = 0; k < units; k++) {
                y[k] = hidden_state[k];
            }
            step.input += params->input_time_step;
            y += params->output_time_step;
        }
        input += params->input_batch_step;
        output += params->output_batch_step;
        hidden_state += units;
        cell_state += units;
    }
}
