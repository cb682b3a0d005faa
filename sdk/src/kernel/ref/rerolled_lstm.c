/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_lstm.c Reference loop over the steps of an unrolled LSTM. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_lstm.h"

#include <stddef.h>

#include "safe/fixed_point.h"
#include "safe/kernel/add_element.h"

#define GATES 4
#define SIGMOID_ZERO (-128)
/** Integer bits of the activations' argument, and the magnitude at which they saturate. */
#define FRACTION_BITS 27
#define SATURATED 15

/** One matrix product and its rescaling: scale of a row times `high:low` * 2^(exponent - 64). */
typedef struct dense {
    const int8_t *weights;
    const uint32_t *scales;
    const int32_t *bias; /**< Or NULL. */
    int32_t rows;
    int32_t depth;
    int32_t zero_point;
    uint32_t high;
    uint32_t low;
    int32_t exponent;
    int32_t output_zero_point;
} dense_t;

/** sum * row scale * ratio, by the multiplier of 31 bits that the quotient of both rounds to. */
static int32_t rescale(const dense_t *d, int32_t sum, uint32_t bits)
{
    const uint32_t fraction = (bits & 0x7fffffu) | 0x800000u;
    /* Below 2^56, at least 2^54: what is cut off does not reach the multiplier's last bit. */
    const uint64_t product = (uint64_t)fraction * d->high + (((uint64_t)fraction * d->low) >> 32);
    const int32_t large = (int32_t)(product >> 55);
    const int32_t right = 24 + large;
    uint32_t multiplier = (uint32_t)((product + ((uint64_t)1 << (right - 1))) >> right);
    int32_t shift = d->exponent + (int32_t)(bits >> 23) - 127 + large;
    if ((multiplier >> 31) != 0) {
        multiplier >>= 1;
        shift++;
    }
    return safe_requantize(sum, (int32_t)multiplier, shift);
}

/** sum[r] = (values - zero_point) . weights[r] of four rows: each value is loaded once for them. */
static void dot4(const int8_t *values, int32_t zero_point, const int8_t *weights, int32_t depth,
                 int32_t sum[GATES])
{
    const int8_t *w0 = weights;
    const int8_t *w1 = w0 + depth;
    const int8_t *w2 = w1 + depth;
    const int8_t *w3 = w2 + depth;
    int32_t s0 = 0;
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t s3 = 0;
    for (int32_t k = 0; k < depth; k++) {
        const int32_t value = values[k] - zero_point;
        s0 += value * w0[k];
        s1 += value * w1[k];
        s2 += value * w2[k];
        s3 += value * w3[k];
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
}

/** The product with all rows, whose number is a multiple of four. */
static void multiply(const dense_t *d, const int8_t *values, int8_t *output)
{
    const int8_t *weights = d->weights;
    for (int32_t row = 0; row < d->rows; row += GATES) {
        int32_t sum[GATES];
        dot4(values, d->zero_point, weights, d->depth, sum);
        weights += GATES * d->depth;
        for (int32_t r = 0; r < GATES; r++) {
            const int32_t start = d->bias != NULL ? d->bias[row + r] : 0;
            const int32_t scaled = rescale(d, start + sum[r], d->scales[row + r]);
            output[row + r] = (int8_t)safe_clamp(scaled + d->output_zero_point, INT8_MIN, INT8_MAX);
        }
    }
}

/** Adds element by element into `first`. @param side shift2, sign2, shift, swapped, zero point. */
static void add(const uint32_t *multipliers, const int8_t *side, int32_t length, int8_t *first,
                int32_t zero_point1, const int8_t *second, int32_t zero_point2)
{
    const int swapped = side[3] != 0;
    const safe_add_element_t e = {
        .factor1 = 1 << 20,
        .bias = -(swapped ? zero_point2 : zero_point1) * (1 << 20),
        .factor2 = 1 << 21,
        .start2 = -(swapped ? zero_point1 : zero_point2) * (1 << 21),
        .multiplier2 = (int32_t)multipliers[0],
        .shift2 = side[0],
        .sign2 = side[1],
        .multiplier = (int32_t)multipliers[1],
        .shift = side[2],
        .zero_point = side[4],
        .low = INT8_MIN,
        .high = INT8_MAX,
    };
    for (int32_t i = 0; i < length; i++) {
        const int32_t large = swapped ? second[i] : first[i];
        const int32_t small = swapped ? first[i] : second[i];
        first[i] = (int8_t)safe_add_one(e, large, small);
    }
}

/** Fills the table of an activation; the argument rises with the value, and passes thresholds. */
static void fill(const int32_t *thresholds, int32_t zero_point, uint32_t multiplier, int32_t shift,
                 int8_t table[256])
{
    const int32_t radius = shift > FRACTION_BITS ? SATURATED >> (shift - FRACTION_BITS)
                                                 : SATURATED << (FRACTION_BITS - shift);
    int32_t passed = 0;
    for (int32_t value = INT8_MIN; value <= INT8_MAX; value++) {
        const int32_t inside = safe_clamp(value - zero_point, 1 - radius, radius - 1);
        const int32_t argument = safe_requantize(inside, (int32_t)multiplier, shift);
        while (passed < SAFE_REROLLED_THRESHOLDS && argument >= thresholds[passed]) {
            passed++;
        }
        table[(uint8_t)value] = (int8_t)(passed + INT8_MIN);
    }
}

static inline int8_t product(int32_t a, int32_t b, uint32_t multiplier, const int8_t *shift_zero)
{
    const int32_t scaled = safe_requantize(a * b, (int32_t)multiplier, shift_zero[0]);
    return (int8_t)safe_clamp(scaled + shift_zero[1], INT8_MIN, INT8_MAX);
}

/** i * g into `gates`, f * c into `cell`, and their sum. @param zero_point Zero point of the last
 * cell. */
static void update_cell(const safe_rerolled_lstm_tables_t *tables, int32_t units, int first,
                        const uint32_t *m, const int8_t *s, int32_t zero_point, int8_t *gates,
                        int8_t *cell)
{
    for (int32_t u = 0; u < units; u++) {
        const int32_t input = tables->sigmoid[(uint8_t)gates[u]] - SIGMOID_ZERO;
        const int32_t forget = tables->sigmoid[(uint8_t)gates[units + u]] - SIGMOID_ZERO;
        const int32_t value = tables->tanh[(uint8_t)gates[2 * units + u]];
        gates[u] = product(input, value, m[SAFE_REROLLED_UPDATE], &s[SAFE_REROLLED_UPDATE_SHIFT]);
        if (first) {
            cell[u] = gates[u];
        } else {
            cell[u] = product(forget, cell[u] - zero_point, m[SAFE_REROLLED_FORGET],
                              &s[SAFE_REROLLED_FORGET_SHIFT]);
        }
    }
    if (!first) {
        add(&m[SAFE_REROLLED_CELL2], &s[SAFE_REROLLED_CELL_SIDE], units, cell,
            s[SAFE_REROLLED_FORGET_ZERO], gates, s[SAFE_REROLLED_UPDATE_ZERO]);
    }
}

void safe_kernel_rerolled_lstm_s8(const safe_rerolled_lstm_params_t *params, const int8_t *sequence,
                                  const int8_t *input_weights, const int8_t *recurrent_weights,
                                  const uint32_t *input_scales, const uint32_t *recurrent_scales,
                                  const int32_t *first_bias, const int8_t *bias,
                                  const uint32_t *multipliers, const int8_t *smalls,
                                  const int32_t *sigmoid, const int32_t *tanh, int8_t *scratch,
                                  safe_rerolled_lstm_tables_t *tables, int8_t *output)
{
    const int32_t units = params->units;
    const int32_t rows = GATES * units;
    int8_t *const gates = scratch;
    int8_t *const recurrent = &gates[rows];
    int8_t *const cell = &recurrent[rows];
    const int8_t *hidden = output;
    dense_t x = {.weights = input_weights,
                 .scales = input_scales,
                 .bias = first_bias,
                 .rows = rows,
                 .depth = params->input_size,
                 .zero_point = params->input_zero_point};
    dense_t h = {
        .weights = recurrent_weights, .scales = recurrent_scales, .rows = rows, .depth = units};
    for (int32_t step = 0; step < params->time_steps; step++) {
        const uint32_t *m = &multipliers[step * SAFE_REROLLED_MULTIPLIERS];
        const int8_t *s = &smalls[step * SAFE_REROLLED_SMALLS];
        x.high = m[SAFE_REROLLED_INPUT_HIGH];
        x.low = m[SAFE_REROLLED_INPUT_LOW];
        x.exponent = s[SAFE_REROLLED_INPUT_EXPONENT];
        x.output_zero_point = s[SAFE_REROLLED_INPUT_ZERO];
        multiply(&x, &sequence[step * params->input_size], gates);
        x.bias = NULL;
        int32_t cell_zero_point = 0;
        if (step > 0) {
            const int8_t *before = s - SAFE_REROLLED_SMALLS;
            cell_zero_point = before[SAFE_REROLLED_CELL_ZERO];
            h.zero_point = before[SAFE_REROLLED_HIDDEN_ZERO];
            h.high = m[SAFE_REROLLED_RECURRENT_HIGH];
            h.low = m[SAFE_REROLLED_RECURRENT_LOW];
            h.exponent = s[SAFE_REROLLED_RECURRENT_EXPONENT];
            h.output_zero_point = s[SAFE_REROLLED_RECURRENT_ZERO];
            multiply(&h, hidden, recurrent);
            add(&m[SAFE_REROLLED_SUM2], &s[SAFE_REROLLED_SUM_SIDE], rows, gates,
                x.output_zero_point, recurrent, h.output_zero_point);
            add(&m[SAFE_REROLLED_GATES2], &s[SAFE_REROLLED_GATES_SIDE], rows, gates,
                s[SAFE_REROLLED_SUM_SIDE + 4], bias, params->bias_zero_point);
        }
        fill(sigmoid, s[SAFE_REROLLED_GATES_ZERO], m[SAFE_REROLLED_ACTIVATION],
             s[SAFE_REROLLED_ACTIVATION_SHIFT], tables->sigmoid);
        fill(tanh, s[SAFE_REROLLED_GATES_ZERO], m[SAFE_REROLLED_ACTIVATION],
             s[SAFE_REROLLED_ACTIVATION_SHIFT], tables->tanh);
        update_cell(tables, units, step == 0, m, s, cell_zero_point, gates, cell);
        fill(tanh, s[SAFE_REROLLED_CELL_ZERO], m[SAFE_REROLLED_CELL_TANH],
             s[SAFE_REROLLED_CELL_TANH_SHIFT], tables->tanh);
        for (int32_t u = 0; u < units; u++) {
            const int32_t gate = tables->sigmoid[(uint8_t)gates[3 * units + u]] - SIGMOID_ZERO;
            output[u] = product(gate, tables->tanh[(uint8_t)cell[u]], m[SAFE_REROLLED_HIDDEN],
                                &s[SAFE_REROLLED_HIDDEN_SHIFT]);
        }
        hidden = output;
        output += params->output_step;
    }
}
