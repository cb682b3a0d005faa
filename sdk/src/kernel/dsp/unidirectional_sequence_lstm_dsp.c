/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm_dsp.c LSTM: the input's terms for two time steps at once,
 * then of each step the terms of the hidden state for all units, then all gates. Each of the three
 * is a loop below 1 KB of code, so that a small instruction cache in front of a flash holds it. */
#include "safe/kernel/goal.h"

#include "safe/kernel/unidirectional_sequence_lstm_dsp.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/dsp_limit.h"

/** The same value of two neighbouring units. */
typedef struct pair {
    int32_t u;
    int32_t v;
} pair_t;

/** What the steps share. */
typedef struct lstm {
    const safe_lstm_dsp_params_t *params;
    const uint32_t *input_weights;
    const uint32_t *lines;
    uint32_t *values; /**< Expanded inputs of two steps. */
    uint32_t *terms;  /**< Terms of two steps. */
    uint32_t tiles;
    uint32_t input_blocks;
    /* Copies: read from flash for every tile, they and the weights would drive each other out of a
     * data cache of a few lines. */
    safe_dsp_rescale_t input_scales[SAFE_LSTM_DSP_GATES];
    safe_dsp_rescale_t recurrent_scales[SAFE_LSTM_DSP_GATES];
    safe_lstm_dsp_cell_t cell;
    safe_lstm_recurrent_t recurrent;
} lstm_t;

/* A line of the interpolated sigmoid is 2^16 * base + slope, where an argument z >= 0 in 512ths of
 * an entry of the table has the value slope * z + 512 * base in 2^-25; slope < 2^10, so that shifts
 * of the word to the right by 10 and more bits leave the base alone. Both halves of the curve are
 * rounded alike: floor((x + half) / unit) of the magnitude, then the sign. */

/** sigmoid(x / 2^12) in Q0.15: safe_sigmoid_s16 for any int16. @param z 3 * x * 2^13 */
static inline int32_t sigmoid(int32_t z, const uint32_t *lines)
{
    /* Arguments of the table reach 3 * 2^15, line 192. SMLAWB gives eighths of the line's unit,
     * rounded down; 128 of them are one of the result, so that rounding them first changes
     * nothing. */
    const int32_t size = safe_dsp_with_sign(z, z);
    const uint32_t line = lines[size >> 22];
    const int32_t rise = safe_dsp_smlawb(size, line, 64) + (int32_t)(line >> 10);
    return (1 << 14) + safe_dsp_with_sign(rise >> 7, z);
}

/** tanh in Q0.15: safe_tanh_s16 from the table's argument on. @param z The argument * 2^12; beyond
 * the table the last line is flat. */
static inline int32_t hyperbolic(int32_t z, const uint32_t *lines)
{
    const int32_t size = safe_dsp_with_sign(z, z);
    const uint32_t line = lines[safe_dsp_usat8_q21(size)];
    const int32_t rise = safe_dsp_smlawb(size, line, 16) + (int32_t)(line >> 11);
    return safe_dsp_with_sign(rise >> 5, z);
}

static inline pair_t sigmoid_pair(uint32_t terms, const uint32_t *lines)
{
    pair_t gate;
    SAFE_DSP_FENCE();
    gate.u = sigmoid(safe_dsp_smulbb(terms, 3 << 13), lines);
    SAFE_DSP_FENCE();
    gate.v = sigmoid(safe_dsp_smultb(terms, 3 << 13), lines);
    SAFE_DSP_FENCE();
    return gate;
}

static inline pair_t hyperbolic_pair(pair_t z, const uint32_t *lines)
{
    SAFE_DSP_FENCE();
    z.u = hyperbolic(z.u, lines);
    SAFE_DSP_FENCE();
    z.v = hyperbolic(z.v, lines);
    SAFE_DSP_FENCE();
    return z;
}

/* Below, an int16 shifted by 16 is -1 where it is negative, and 0 elsewhere. */

/** forget * cell in the cell's scale: by 2^30 / 2^31 with halves up, then by 2^-14 with halves
 * away from zero; forget >= 0. The result fits int16, as |forget| < 2^15. */
static inline int32_t kept(int32_t forget, int32_t cell)
{
    return (safe_dsp_smlabb(forget, cell, 1 + (1 << 14)) + 2 * (cell >> 16)) >> 15;
}

/** input gate * cell gate in the cell's scale, rounded alike; fits int16 as update_shift >= 15. */
static inline int32_t added(const safe_lstm_dsp_cell_t *constants, int32_t input, int32_t cell)
{
    return (safe_dsp_smlabb(input, cell, constants->update_addend) + 2 * (cell >> 16)) >>
           constants->update_shift;
}

/** The cell state within its limits. */
static inline int32_t clipped(const safe_lstm_dsp_cell_t *constants, int32_t cell)
{
    if ((uint32_t)(cell + constants->cell_clip) > (uint32_t)constants->cell_clip_span) {
        cell = cell < 0 ? -constants->cell_clip : constants->cell_clip_span - constants->cell_clip;
    }
    return cell;
}

/** The argument of hyperbolic for a cell state; that of the table is below 2^29. */
static inline int32_t tanh_argument(const safe_lstm_dsp_cell_t *constants, int32_t cell)
{
    const int32_t half =
        (cell * constants->tanh_multiplier + constants->tanh_addend) >> constants->tanh_shift;
    return safe_dsp_ssat18_double(half) * (1 << 12);
}

/** Cell and hidden state of two units from the terms of their gates. @param second 1, or 0 where
 * there is one unit only: then what is computed for v is overwritten by u. */
static inline void update_units(const safe_lstm_dsp_cell_t *constants, const uint32_t *terms,
                                const uint32_t *lines, int8_t *hidden, int16_t *cell,
                                int32_t second)
{
    /* Input gate and candidate first: their product is all that is kept of them, so that two values
     * of each unit stay in registers and no more. */
    const pair_t input = sigmoid_pair(terms[SAFE_LSTM_DSP_INPUT], lines);
    const uint32_t candidate = terms[SAFE_LSTM_DSP_CELL];
    /* tanh reads the table at twice sigmoid's argument. */
    pair_t gate = {safe_dsp_smulbb(candidate, 3 << 13), safe_dsp_smultb(candidate, 3 << 13)};
    gate = hyperbolic_pair(gate, lines);
    pair_t state = {added(constants, input.u, gate.u), added(constants, input.v, gate.v)};
    /* New cell state = forget gate * old one + input gate * candidate, each product rounded by
     * itself as TFLM does, then clipped. */
    gate = sigmoid_pair(terms[SAFE_LSTM_DSP_FORGET], lines);
    state.u = clipped(constants, state.u + kept(gate.u, cell[0]));
    state.v = clipped(constants, state.v + kept(gate.v, cell[second]));
    /* v before u: where there is one unit only, `second` is 0 and u has the last word. */
    cell[second] = (int16_t)state.v;
    cell[0] = (int16_t)state.u;
    /* Hidden state = output gate * tanh(cell state). The product of two Q0.15 values is below 2^30,
     * so that it may be doubled. */
    gate = sigmoid_pair(terms[SAFE_LSTM_DSP_OUTPUT], lines);
    state.u = tanh_argument(constants, state.u);
    state.v = tanh_argument(constants, state.v);
    state = hyperbolic_pair(state, lines);
    const safe_dsp_rescale_t r = constants->hidden;
    hidden[second] = safe_dsp_rescale_s8(2 * (gate.v * state.v), r.multiplier, r.addend, r.shift);
    hidden[0] = safe_dsp_rescale_s8(2 * (gate.u * state.u), r.multiplier, r.addend, r.shift);
}

/** Gates, cell and hidden state of all units. */
static SAFE_NOINLINE void update(const lstm_t *lstm, const uint32_t *terms, int8_t *hidden,
                                 int16_t *cell)
{
    const uint32_t *lines = lstm->lines;
    int32_t left = lstm->params->units;
    int32_t second = 1;
    do {
        if (left == 1) {
            second = 0;
        }
        /* Hidden from the compiler, which would derive it anew for each use. */
        SAFE_DSP_OPAQUE(second);
        update_units(&lstm->cell, terms, lines, hidden, cell, second);
        terms += SAFE_LSTM_DSP_GATES;
        hidden += 2;
        cell += 2;
        left -= 2;
    } while (left > 0);
}

/** The input's terms of two time steps. */
static void multiply_input(const lstm_t *lstm, const int8_t *first, const int8_t *second)
{
    const safe_lstm_dsp_params_t *params = lstm->params;
    const uint32_t *weights = lstm->input_weights;
    uint32_t *terms = lstm->terms;
    safe_dsp_lstm_expand(first, second, params->input_size, lstm->values);
    for (int32_t gate = 0; gate < SAFE_LSTM_DSP_GATES; gate += SAFE_LSTM_DSP_HALF) {
        const safe_lstm_input_t half = {
            .tiles = lstm->tiles,
            .blocks = lstm->input_blocks,
            .terms = {&terms[gate], &terms[(uint32_t)gate + SAFE_LSTM_DSP_GATES * lstm->tiles]},
            .scales = &lstm->input_scales[gate],
            .wide = params->is_wide[0] != 0 ? &params->wide[gate] : NULL};
        weights = safe_dsp_lstm_input(weights, lstm->values, &half);
    }
}

/** Whether the hidden state is as after a reset: then its products are all 0. */
static SAFE_COLD int32_t is_reset(const int8_t *hidden, int32_t units, int32_t zero_point)
{
    int32_t difference = 0;
    for (int32_t k = 0; k < units; k++) {
        difference |= hidden[k] - zero_point;
    }
    return difference == 0;
}

/** All time steps of one batch. */
static SAFE_NOINLINE void run_steps(const lstm_t *lstm, const uint32_t *recurrent_weights,
                                    const int8_t *input, int8_t *hidden, int16_t *cell,
                                    int8_t *output)
{
    const safe_lstm_dsp_params_t *params = lstm->params;
    const int32_t units = params->units;
    const uint32_t zero_point = (uint32_t)-params->hidden_zero_point & 0xFFFFu;
    uint32_t *const values = (uint32_t *)lstm->recurrent.values;
    uint32_t *terms = lstm->terms;
    for (int32_t t = 0; t < params->time_steps; t++) {
        if (t % 2 == 0) {
            /* An odd last step is taken twice; the second one's terms are not read. */
            const int32_t step = t + 1 < params->time_steps ? params->input_time_step : 0;
            multiply_input(lstm, input, &input[step]);
            terms = lstm->terms;
        }
        if (t > 0 || !is_reset(hidden, units, params->hidden_zero_point)) {
            safe_dsp_expand(hidden, units, zero_point | zero_point << 16, values);
            safe_dsp_lstm_recurrent(recurrent_weights, &lstm->recurrent, terms);
        }
        update(lstm, terms, hidden, cell);
        if (params->output_time_step != 0 || t + 1 == params->time_steps) {
            (void)memcpy(output, hidden, (size_t)units);
        }
        terms += SAFE_LSTM_DSP_GATES * lstm->tiles;
        input += params->input_time_step;
        output += params->output_time_step;
    }
}

void safe_kernel_unidirectional_sequence_lstm_s8_dsp(
    const safe_lstm_dsp_params_t *params, const int8_t *input, const uint32_t *input_weights,
    const uint32_t *recurrent_weights, const uint32_t *lines, int8_t *hidden_state,
    int16_t *cell_state, void *scratch, int8_t *output)
{
    const uint32_t input_blocks = SAFE_DOT8_BLOCKS(params->input_size);
    const uint32_t blocks = SAFE_DOT8_BLOCKS(params->units);
    uint32_t *values = (uint32_t *)scratch;
    uint32_t *recurrent = &values[SAFE_LSTM_INPUT_WORDS(input_blocks)];
    const uint32_t tiles = ((uint32_t)params->units + 1u) / 2u;
    lstm_t lstm = {
        .params = params,
        .input_weights = input_weights,
        .lines = lines,
        .values = values,
        .terms = &recurrent[SAFE_DOT8_WORDS(blocks)],
        .tiles = tiles,
        .input_blocks = input_blocks,
        .cell = params->cell,
        .recurrent = {.values = recurrent,
                      .length = SAFE_DOT8_LENGTH(blocks),
                      .wide = params->is_wide[1] != 0 ? &params->wide[SAFE_LSTM_DSP_GATES] : NULL,
                      .tiles = tiles,
                      .scales = lstm.recurrent_scales}};
    for (int32_t gate = 0; gate < SAFE_LSTM_DSP_GATES; gate++) {
        lstm.input_scales[gate] = params->input[gate];
        lstm.recurrent_scales[gate] = params->recurrent[gate];
    }
    for (int32_t batch = 0; batch < params->batches; batch++) {
        run_steps(&lstm, recurrent_weights, input, hidden_state, cell_state, output);
        input += params->input_batch_step;
        output += params->output_batch_step;
        hidden_state += params->units;
        cell_state += params->units;
    }
}
