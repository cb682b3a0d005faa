/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm_dsp.c LSTM, two units at a time: their eight gates are one
 * tile. Input and hidden state are expanded to int16 once per step. */
#include "safe/kernel/unidirectional_sequence_lstm_dsp.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/fixed_point.h"

/** The same value of two neighbouring units. */
typedef struct pair {
    int32_t u;
    int32_t v;
} pair_t;

/** Lines of the interpolated sigmoid. */
typedef struct lines {
    const int32_t *base;
    const uint16_t *slope;
} lines_t;

/** What one step reads besides weights and parameters. */
typedef struct step {
    const uint32_t *input;     /**< Expanded. */
    const uint32_t *recurrent; /**< Hidden state, expanded; null when it is all zero points. */
    lines_t lines;
} step_t;

/** Fraction of the two-sided curve at z, without rounding: its lower half is the one's complement
 * of the upper, as entry -1 - i starts where entry i ends. |z| < 2^17. */
static inline int32_t line_at(int32_t z, lines_t lines)
{
    /* Line i joins entries i and i + 1 of the curve: base + slope * z, in 512ths of the unit of the
     * curve, so that the slope is the rise from one entry to the next, below 2^10. z ^ sign is z,
     * or -1 - z below 0, so that both halves find the same line. The product is below 2^27. */
    const int32_t sign = z < 0 ? -1 : 0;
    const int32_t index = (z ^ sign) >> 9;
    return z * lines.slope[index] + (lines.base[index] ^ sign);
}

/** sigmoid(x / 2^12) in Q0.15: safe_sigmoid_s16 for any int16. */
static inline int32_t sigmoid(int32_t x, lines_t lines)
{
    /* (curve + 1) / 2 in Q0.15: the full scale of line_at is 2^24, and 2^9 rounds. */
    return (line_at(3 * x, lines) + 0x01000200) >> 10;
}

/** tanh in Q0.15 of the table's argument: safe_tanh_s16 from there on. */
static inline int32_t hyperbolic(int32_t argument, lines_t lines)
{
    return (line_at(safe_dsp_ssat18_double(argument), lines) + 256) >> 9;
}

static inline pair_t sigmoid_pair(pair_t gate, lines_t lines)
{
    SAFE_DSP_FENCE();
    gate.u = sigmoid(gate.u, lines);
    SAFE_DSP_FENCE();
    gate.v = sigmoid(gate.v, lines);
    SAFE_DSP_FENCE();
    return gate;
}

static inline pair_t hyperbolic_pair(pair_t argument, lines_t lines)
{
    SAFE_DSP_FENCE();
    argument.u = hyperbolic(argument.u, lines);
    SAFE_DSP_FENCE();
    argument.v = hyperbolic(argument.v, lines);
    SAFE_DSP_FENCE();
    return argument;
}

/** One term of a gate in Q3.12, limited to int16. */
static inline int32_t term(int32_t twice, safe_dsp_rescale_t r)
{
    return safe_dsp_ssat16(safe_dsp_rescale(twice, r.multiplier, r.addend, r.shift));
}

/** A gate before its activation: the terms of input and hidden state. @param twice 16 sums, the
 * input's tile and then the hidden state's. */
static inline pair_t gate_of(const safe_lstm_dsp_params_t *params, int32_t gate,
                             const int32_t *twice)
{
    const int32_t *recurrent = &twice[SAFE_DOT8_ROWS];
    safe_dsp_rescale_t r = params->input[gate];
    pair_t sum = {term(twice[2 * gate], r), term(twice[2 * gate + 1], r)};
    /* Only now the second rescaling is loaded: its three words and the first's would not fit the
     * registers together. */
    SAFE_DSP_FENCE();
    r = params->recurrent[gate];
    sum.u = safe_dsp_ssat16(sum.u + term(recurrent[2 * gate], r));
    sum.v = safe_dsp_ssat16(sum.v + term(recurrent[2 * gate + 1], r));
    return sum;
}

/* Below, an int16 shifted by 16 is -1 where it is negative, and 0 elsewhere. */

/** forget * cell in the cell's scale: by 2^30 / 2^31 with halves up, then by 2^-14 with halves
 * away from zero; forget >= 0. The result fits int16, as |forget| < 2^15. */
static inline int32_t kept(int32_t forget, int32_t cell)
{
    return (safe_dsp_smlabb(forget, cell, 1 + (1 << 14)) + 2 * (cell >> 16)) >> 15;
}

/** input gate * cell gate in the cell's scale, rounded alike; fits int16 as update_shift >= 15. */
static inline int32_t added(const safe_lstm_dsp_params_t *params, int32_t input, int32_t cell)
{
    return (safe_dsp_smlabb(input, cell, params->update_addend) + 2 * (cell >> 16)) >>
           params->update_shift;
}

/** The cell state within its limits. */
static inline int32_t clipped(const safe_lstm_dsp_params_t *params, int32_t cell)
{
    if ((uint32_t)(cell + params->cell_clip) > (uint32_t)params->cell_clip_span) {
        cell = cell < 0 ? -params->cell_clip : params->cell_clip_span - params->cell_clip;
    }
    return cell;
}

/** The table's argument for tanh of a cell state; below 2^29. */
static inline int32_t tanh_argument(const safe_lstm_dsp_params_t *params, int32_t cell)
{
    return (cell * params->tanh_multiplier + params->tanh_addend) >> params->tanh_shift;
}

/** Cell and hidden state of two units from their 16 sums. @param second 1, or 0 where there is
 * one unit only: then what is computed for v is overwritten by u. */
static inline void update_units(const safe_lstm_dsp_params_t *params, const int32_t *twice,
                                lines_t lines, int8_t *hidden, int16_t *cell, int32_t second)
{
    /* Input gate and candidate first: their product is all that is kept of them, so that two values
     * of each unit stay in registers and no more. */
    const pair_t input = sigmoid_pair(gate_of(params, SAFE_LSTM_DSP_INPUT, twice), lines);
    pair_t gate = gate_of(params, SAFE_LSTM_DSP_CELL, twice);
    gate.u *= 3;
    gate.v *= 3;
    gate = hyperbolic_pair(gate, lines);
    pair_t state = {added(params, input.u, gate.u), added(params, input.v, gate.v)};
    /* New cell state = forget gate * old one + input gate * candidate, each product rounded by
     * itself as TFLM does, then clipped. */
    gate = sigmoid_pair(gate_of(params, SAFE_LSTM_DSP_FORGET, twice), lines);
    state.u = clipped(params, state.u + kept(gate.u, cell[0]));
    state.v = clipped(params, state.v + kept(gate.v, cell[second]));
    /* v before u: where there is one unit only, `second` is 0 and u has the last word. */
    cell[second] = (int16_t)state.v;
    cell[0] = (int16_t)state.u;
    /* Hidden state = output gate * tanh(cell state). The product of two Q0.15 values is below 2^30,
     * so that it may be doubled. */
    gate = sigmoid_pair(gate_of(params, SAFE_LSTM_DSP_OUTPUT, twice), lines);
    state.u = tanh_argument(params, state.u);
    state.v = tanh_argument(params, state.v);
    state = hyperbolic_pair(state, lines);
    const safe_dsp_rescale_t r = params->hidden;
    hidden[second] = safe_dsp_rescale_s8(2 * (gate.v * state.v), r.multiplier, r.addend, r.shift);
    hidden[0] = safe_dsp_rescale_s8(2 * (gate.u * state.u), r.multiplier, r.addend, r.shift);
}

/** Rescales the wide terms of 16 sums; eight times the result passes the rescaling of the others,
 * by 2^30 / 2^32 and a shift by 1, unchanged. */
static SAFE_NOINLINE void rescale_wide(const safe_lstm_dsp_params_t *params, int32_t *twice)
{
    for (int32_t k = 0; k < 2 * SAFE_DOT8_ROWS; k++) {
        const safe_lstm_dsp_wide_t *wide = &params->wide[k / 2];
        if (wide->shift != SAFE_LSTM_DSP_NARROW) {
            /* The other terms are rescaled by 2^30 / 2^32 and a shift by 1, which is 1 / 8: eight
             * times the result comes out as it is. */
            const int32_t value = safe_requantize(twice[k] / 2, wide->multiplier, wide->shift);
            twice[k] = 8 * safe_dsp_ssat16(value);
        }
    }
}

/** All units of one step; the hidden state is replaced, as its expanded copy is read. */
static void run_step(const safe_lstm_dsp_params_t *params, const uint32_t *weights,
                     const int32_t *start, const step_t *step, int8_t *hidden, int16_t *cell)
{
    static const int32_t nothing[SAFE_DOT8_ROWS] = {0};
    const uint32_t input_length = SAFE_DOT8_LENGTH(SAFE_DOT8_BLOCKS(params->input_size));
    const uint32_t length = SAFE_DOT8_LENGTH(SAFE_DOT8_BLOCKS(params->units));
    for (int32_t left = params->units; left > 0; left -= 2) {
        int32_t twice[2 * SAFE_DOT8_ROWS];
        /* The eight gates of two units from the input, then from the hidden state: two tiles of
         * eight sums. */
        weights = safe_dsp_dot8(weights, step->input, input_length, start, twice);
        if (step->recurrent != NULL) {
            weights =
                safe_dsp_dot8(weights, step->recurrent, length, nothing, &twice[SAFE_DOT8_ROWS]);
        } else {
            /* In the first step the hidden state is all zero points: its products are 0, and its
             * tile is passed over. */
            weights += SAFE_DOT8_TILE_BYTES(length) / sizeof *weights;
            (void)memset(&twice[SAFE_DOT8_ROWS], 0, sizeof twice / 2);
        }
        if (params->any_wide != 0) {
            rescale_wide(params, twice);
        }
        update_units(params, twice, step->lines, hidden, cell, left > 1 ? 1 : 0);
        start += SAFE_DOT8_ROWS;
        hidden += 2;
        cell += 2;
    }
}

/** Whether the hidden state is as after a reset: then its products are all 0. */
static int32_t is_reset(const int8_t *hidden, int32_t units, int32_t zero_point)
{
    int32_t difference = 0;
    for (int32_t k = 0; k < units; k++) {
        difference |= hidden[k] - zero_point;
    }
    return difference == 0;
}

void safe_kernel_unidirectional_sequence_lstm_s8_dsp(
    const safe_lstm_dsp_params_t *params, const int8_t *input, const uint32_t *weights,
    const int32_t *start, const int32_t *sigmoid_base, const uint16_t *sigmoid_slope,
    int8_t *hidden_state, int16_t *cell_state, void *scratch, int8_t *output)
{
    const int32_t units = params->units;
    const uint32_t zero_point = (uint32_t)-params->hidden_zero_point & 0xFFFFu;
    uint32_t *expanded = (uint32_t *)scratch;
    uint32_t *recurrent = &expanded[SAFE_DOT8_WORDS(SAFE_DOT8_BLOCKS(params->input_size))];
    step_t step = {expanded, recurrent, {sigmoid_base, sigmoid_slope}};
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const int8_t *x = input;
        int8_t *y = output;
        for (int32_t t = 0; t < params->time_steps; t++) {
            /* Both vectors become int16 once for all units. The zero point of the hidden state is
             * subtracted on the way, that of the input is folded into `start`. */
            safe_dsp_expand(x, params->input_size, 0, expanded);
            safe_dsp_expand(hidden_state, units, zero_point | zero_point << 16, recurrent);
            const int32_t idle = t == 0 && is_reset(hidden_state, units, params->hidden_zero_point);
            step.recurrent = idle ? NULL : recurrent;
            run_step(params, weights, start, &step, hidden_state, cell_state);
            (void)memcpy(y, hidden_state, (size_t)units);
            x += params->input_time_step;
            y += params->output_time_step;
        }
        input += params->input_batch_step;
        output += params->output_batch_step;
        hidden_state += units;
        cell_state += units;
    }
}
