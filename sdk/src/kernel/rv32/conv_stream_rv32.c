/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_stream_rv32.c Three taps: four channels at a time, all in registers. Others:
 * the products of all channels with all taps, then the rows. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_stream_rv32.h"

#include "safe/compiler.h"
#include "safe/kernel/conv_stream_rows.h"
#include "safe/kernel/dot8_rv32.h"
#include "safe/kernel/rv32.h"

/**
 * safe_rescale to int8 from a sum in (-2^29, 2^29): two instructions less than safe_rv32_rescale.
 *
 * h = floor(4 * sum * multiplier / 2^32) has a bit more than the product that is rounded first:
 * floor((h + 1) / 2) is that. With shift = right + 1 and addend = 1 + 2^right * (1 + 2 * zero
 * point) both roundings are one: (h + addend) >> shift, and 2 less below 0, so that halves go away
 * from 0.
 */
static inline int8_t rescaled(int32_t sum, safe_rv32_rescale_t r)
{
    const int32_t fourfold = 4 * sum;
    const int32_t high = (int32_t)(((int64_t)fourfold * r.multiplier) >> 32);
    const int32_t rounded = high + r.addend - (fourfold < 0 ? 2 : 0);
    int32_t value = safe_rv32_saturate(rounded >> r.shift, 128);
    SAFE_RV32_WHOLE(value);
    return (int8_t)value;
}

/** Products of value i after `values` with a tap's weights of four channels. A macro, as the sums
 * must be variables of one function to stay in registers. */
#define TAP(i, tap, a, b, c, d)                                                                    \
    do {                                                                                           \
        a += value * weights[12 * (i) + 4 * (tap)];                                                \
        b += value * weights[12 * (i) + 4 * (tap) + 1];                                            \
        c += value * weights[12 * (i) + 4 * (tap) + 2];                                            \
        d += value * weights[12 * (i) + 4 * (tap) + 3];                                            \
    } while (0)
#define PRODUCTS(i)                                                                                \
    do {                                                                                           \
        const int32_t value = values[i];                                                           \
        TAP(i, 0, first0, first1, first2, first3);                                                 \
        TAP(i, 1, middle0, middle1, middle2, middle3);                                             \
        TAP(i, 2, last0, last1, last2, last3);                                                     \
        SAFE_RV32_FENCE();                                                                         \
    } while (0)
/** safe_conv_stream_add for channel c of four. */
#define ADD(c)                                                                                     \
    do {                                                                                           \
        const safe_rv32_rescale_t scale = rescale[c];                                              \
        const int32_t sum = sums[3 * (c)] + middle##c;                                             \
        const int32_t whole = sums[3 * (c) + 1] + last##c;                                         \
        const int32_t lacking = sums[3 * (c) + 2] + last##c;                                       \
        sums[3 * (c)] = first##c;                                                                  \
        sums[3 * (c) + 1] = sum;                                                                   \
        sums[3 * (c) + 2] = middle##c;                                                             \
        inside[c] = rescaled(whole, scale);                                                        \
        before[c] = rescaled(lacking, scale);                                                      \
        behind[c] = rescaled(sum, scale);                                                          \
        SAFE_RV32_FENCE();                                                                         \
    } while (0)

/** Pointers to the constants, the sums and the rows of four channels. */
typedef struct four {
    const int8_t *weights; /**< [depth][3][4] */
    const int32_t *start;  /**< [3][4] */
    const safe_rv32_rescale_t *rescale;
    int32_t *sums;
    int8_t *inside;
    int8_t *before;
    int8_t *behind;
} four_t;

/** Three taps and a row at each border, the form of most models; moves `four` on. */
static SAFE_NOINLINE void take_four(const int8_t *values, int32_t depth, four_t *four)
{
    const int8_t *weights = four->weights;
    const int8_t *end = &values[depth];
    int32_t first0 = four->start[0];
    int32_t first1 = four->start[1];
    int32_t first2 = four->start[2];
    int32_t first3 = four->start[3];
    int32_t middle0 = four->start[4];
    int32_t middle1 = four->start[5];
    int32_t middle2 = four->start[6];
    int32_t middle3 = four->start[7];
    int32_t last0 = four->start[8];
    int32_t last1 = four->start[9];
    int32_t last2 = four->start[10];
    int32_t last3 = four->start[11];
    /* Twelve sums, three taps of four channels, in registers: each value is loaded once for all. */
    for (int32_t rest = depth & 3; rest > 0; rest--, values++, weights += 12) {
        PRODUCTS(0);
    }
    for (; values != end; values += 4, weights += 48) {
        PRODUCTS(0);
        PRODUCTS(1);
        PRODUCTS(2);
        PRODUCTS(3);
    }
    const safe_rv32_rescale_t *rescale = four->rescale;
    int32_t *sums = four->sums;
    int8_t *inside = four->inside;
    int8_t *before = four->before;
    int8_t *behind = four->behind;
    ADD(0);
    ADD(1);
    ADD(2);
    ADD(3);
    four->weights = weights;
    four->start += 12;
    four->rescale = &rescale[4];
    four->sums = &sums[12];
    four->inside = &inside[4];
    four->before = &before[4];
    four->behind = &behind[4];
}

/** Any number of taps. @param products [taps][step] */
static void add_any(const safe_conv_stream_shape_t *shape, const safe_conv_stream_rows_t *rows,
                    const int32_t *products, int32_t step, const safe_rv32_rescale_t *rescale,
                    int32_t *sums)
{
    const int32_t due_count = safe_conv_stream_due(shape);
    for (int32_t channel = 0; channel < shape->channels; channel++) {
        int32_t due[SAFE_CONV_STREAM_MAX_TAPS];
        sums = safe_conv_stream_add(shape, sums, &products[channel], step, due);
        for (int32_t k = 0; k < due_count; k++) {
            rows->row[k][channel] = rescaled(due[k], rescale[channel]);
        }
    }
}

void safe_kernel_conv_stream_s8_rv32(const safe_conv_stream_params_t *params, int8_t *kept,
                                     const int8_t *sample, const int8_t *weights,
                                     const int32_t *start, const int32_t *rescale, void *state,
                                     int8_t *heads, void *scratch)
{
    const safe_conv_stream_shape_t *shape = &params->shape;
    const int32_t step = (shape->channels + SAFE_DOT8_RV32_ROWS - 1) & -SAFE_DOT8_RV32_ROWS;
    int32_t *products = scratch;
    int32_t *end = &products[shape->taps * step];
    safe_conv_stream_state_t *lasting = state;
    safe_conv_stream_rows_t rows;

    safe_conv_stream_advance(shape, kept, lasting, heads, &rows);
    /* The common form needs no memory for products. Any other makes them all first, tap by tap, in
     * tiles of eight, and then adds them to the sums that wait. */
    if (safe_conv_stream_is_three(shape) && shape->channels % 4 == 0) {
        four_t four = {weights,     start,      (const void *)rescale, lasting->sums, rows.row[0],
                       rows.row[1], rows.row[2]};
        for (int32_t left = shape->channels; left > 0; left -= 4) {
            take_four(sample, params->depth, &four);
        }
    } else {
        for (int32_t *eight = products; eight != end; eight += SAFE_DOT8_RV32_ROWS) {
            weights = safe_rv32_dot8(weights, sample, params->depth, start, eight);
            start += SAFE_DOT8_RV32_ROWS;
        }
        add_any(shape, &rows, products, step, (const void *)rescale, lasting->sums);
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        for (int32_t k = 0; k < safe_conv_stream_due(shape); k++) {
            safe_rv32_clamp_s8(rows.row[k], shape->channels, params->output_min,
                               params->output_max);
        }
    }
}
