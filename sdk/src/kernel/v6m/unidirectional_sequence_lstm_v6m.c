/* SPDX-License-Identifier: Apache-2.0 */
/** @file unidirectional_sequence_lstm_v6m.c LSTM, two units at a time: their eight gates are one
 * tile. */
#define SAFE_GOAL_NO_FAST
#include "safe/kernel/goal.h"

#include "safe/kernel/unidirectional_sequence_lstm_v6m.h"

#include "safe/compiler.h"
#include "safe/fixed_point.h"

/** Limit of half the arguments of the table. */
enum { LIMIT_ARGUMENT = 1 << 17 };

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
    return (line_at(safe_v6m_saturate(2 * half, LIMIT_ARGUMENT), curve) + 256) >> 9;
}

/**
 * One term of a gate in Q3.12, limited to int16: that of safe_requantize.
 *
 * @param sum In (-2^20, 2^20): its product with a part of 11 bits fits 32 bits, and dropping the
 * lower bits of a part takes the floor of the whole product / 2^20. Of floor(x / 2^a) plus a whole
 * number, floor(. / 2^b) is that of x plus 2^a times the number, / 2^(a + b): both roundings are
 * one shift. The second rounds halves away from 0, so that one of its units is taken off below 0.
 */
static inline int32_t term(int32_t sum, const safe_lstm_v6m_term_t *t)
{
    int32_t product = (sum * t->low) >> SAFE_LSTM_V6M_BITS;
    product = (product + sum * t->middle) >> SAFE_LSTM_V6M_BITS;
    product += sum * t->high + t->addend;
    // cppcheck-suppress shiftTooManyBitsSigned ; GCC and clang shift in copies of the sign
    product += (sum >> 31) * (1 << SAFE_LSTM_V6M_ROUND);
    return safe_v6m_saturate_s16(product >> t->shift);
}

/** A gate before its activation: the terms of input and hidden state. */
static SAFE_NOINLINE int32_t gate_of(const safe_lstm_v6m_terms_t *gate, int32_t input,
                                     int32_t recurrent)
{
    return safe_v6m_saturate_s16(term(input, &gate->input) + term(recurrent, &gate->recurrent));
}

/** forget * cell in the cell's scale: by 2^30 / 2^31 with halves up, then by 2^-14 with halves
 * away from zero; forget >= 0. The result fits int16, as |forget| < 2^15. */
static inline int32_t kept(int32_t forget, int32_t cell)
{
    return (forget * cell + 1 + (1 << 14) - (cell < 0 ? 2 : 0)) >> 15;
}

/** input gate * cell gate in the cell's scale, rounded alike; fits int16 as update_shift >= 15. */
static inline int32_t added(const safe_lstm_v6m_params_t *params, int32_t input, int32_t cell)
{
    return (input * cell + params->update_addend - (cell < 0 ? 2 : 0)) >> params->update_shift;
}

/** The cell state within its limits. */
static inline int32_t clipped(const safe_lstm_v6m_params_t *params, int32_t cell)
{
    if ((uint32_t)(cell + params->cell_clip) > (uint32_t)params->cell_clip_span) {
        cell = cell < 0 ? -params->cell_clip : params->cell_clip_span - params->cell_clip;
    }
    return cell;
}

/** Half the table's argument for tanh of a cell state; below 2^29. */
static inline int32_t tanh_argument(const safe_lstm_v6m_params_t *params, int32_t cell)
{
    return (cell * params->tanh_multiplier + params->tanh_addend) >> params->tanh_shift;
}

/** One gate of a unit from its sums, which are in steps of two gates by two units: the input's tile
 * and then the hidden state's. */
#define GATE(gate)                                                                                 \
    gate_of(&params->gates[gate], sums[2 * (gate)], sums[SAFE_DOT8_V6M_ROWS + 2 * (gate)])

/** Cell and hidden state of one unit from its sums, see GATE. */
static SAFE_NOINLINE void update_unit(const safe_lstm_v6m_params_t *params, const int32_t *sums,
                                      const int16_t *curve, int8_t *hidden, int16_t *cell)
{
    const int32_t input = sigmoid(GATE(SAFE_LSTM_V6M_INPUT), curve);
    const int32_t value = hyperbolic(3 * GATE(SAFE_LSTM_V6M_CELL), curve);
    const int32_t forget = sigmoid(GATE(SAFE_LSTM_V6M_FORGET), curve);
    const int32_t output = sigmoid(GATE(SAFE_LSTM_V6M_OUTPUT), curve);
    /* New cell state = forget gate * old one + input gate * candidate, each product rounded by
     * itself as TFLM does. Both fit int16, so the sum fits. */
    const int32_t state = clipped(params, kept(forget, *cell) + added(params, input, value));
    const int32_t shown = hyperbolic(tanh_argument(params, state), curve);
    *cell = (int16_t)state;
    const int32_t wanted = safe_v6m_rescale(output * shown, params->hidden);
    *hidden = (int8_t)safe_v6m_clamp(wanted, INT8_MIN, INT8_MAX);
}

/** Rescales the wide terms of 16 sums, as safe_requantize does: a sum is below 2^23, a left shift
 * at most 7. */
static SAFE_NOINLINE void rescale_wide(const safe_lstm_v6m_params_t *params, int32_t *sums)
{
    for (int32_t k = 0; k < 2 * SAFE_DOT8_V6M_ROWS; k++) {
        const safe_lstm_v6m_wide_t *wide = &params->wide[k / 2];
        if (wide->shift != SAFE_LSTM_V6M_NARROW) {
            const int32_t left = wide->shift > 0 ? wide->shift : 0;
            const int32_t shifted = (int32_t)((uint32_t)sums[k] << left);
            const int32_t high = safe_v6m_multiply_high(shifted, wide->multiplier);
            /* A quarter is what gate_of takes of it then, which comes out as it is. */
            sums[k] =
                4 * safe_v6m_saturate_s16(safe_shift_right_rounding(high, left - wide->shift));
        }
    }
}

/** What one step reads besides parameters and lines. */
typedef struct step {
    const uint32_t *weights;
    const uint32_t *input_start;
    const uint32_t *recurrent_start;
    const int32_t *input;     /**< Values of the step as a vector. */
    const int32_t *recurrent; /**< Hidden state before the step as a vector. */
} step_t;

/** All units of one step. */
static void run_step(const safe_lstm_v6m_params_t *params, const step_t *step, const int16_t *curve,
                     int8_t *hidden, int16_t *cell)
{
    const uint32_t *weights = step->weights;
    const uint32_t *input_start = step->input_start;
    const uint32_t *recurrent_start = step->recurrent_start;
    for (int32_t unit = 0; unit < params->units; unit += 2) {
        /* The eight gates of two units from the input, then from the hidden state: two tiles of
         * eight sums. */
        int32_t sums[2 * SAFE_DOT8_V6M_ROWS];
        weights = safe_v6m_dot8(weights, step->input, input_start, sums);
        weights =
            safe_v6m_dot8(weights, step->recurrent, recurrent_start, &sums[SAFE_DOT8_V6M_ROWS]);
        input_start += SAFE_DOT8_V6M_START;
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

void safe_kernel_unidirectional_sequence_lstm_s8_v6m(
    const safe_lstm_v6m_params_t *params, const int8_t *input, const uint32_t *weights,
    const uint32_t *input_start, const uint32_t *recurrent_start, const int16_t *curve,
    int8_t *hidden_state, int16_t *cell_state, void *scratch, int8_t *output)
{
    const int32_t units = params->units;
    int32_t *const words = (int32_t *)scratch;
    const int32_t input_vector = params->input_size + (params->input_size & 1);
    const int32_t units_vector = units + (units & 1);
    int32_t *const recurrent = &words[SAFE_DOT8_V6M_HEADER + input_vector];
    const step_t step = {weights, input_start, recurrent_start, words, recurrent};
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const int8_t *x = input;
        int8_t *y = output;
        for (int32_t t = 0; t < params->time_steps; t++) {
            safe_v6m_widen(x, params->input_size, input_vector, words);
            /* All units read the hidden state as it was before the step. */
            safe_v6m_widen(hidden_state, units, units_vector, recurrent);
            run_step(params, &step, curve, hidden_state, cell_state);
            for (int32_t k = 0; k < units; k++) {
                y[k] = hidden_state[k];
            }
            x += params->input_time_step;
            y += params->output_time_step;
        }
        input += params->input_batch_step;
        output += params->output_batch_step;
        hidden_state += units;
        cell_state += units;
    }
}
