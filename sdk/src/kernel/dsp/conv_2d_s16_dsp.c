/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_s16_dsp.c Convolution of int16 values: values are words as they lie in memory, and
 * SXTB16 makes of a word of weights those of two such words. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_2d_s16_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"

#define ROWS SAFE_CONV_S16_DSP_ROWS

/** Adds four products: a word of weights times two words of values. */
static inline int32_t add_four(uint32_t weights, uint32_t first, uint32_t second, int32_t sum)
{
    sum = safe_dsp_smlad(safe_dsp_sxtb16(weights), first, sum);
    return safe_dsp_smlad(safe_dsp_sxtb16_odd(weights), second, sum);
}

/** Adds one block for four channels. */
static inline const uint32_t *add_block(const uint32_t *weights, const int16_t *values,
                                        int32_t sums[ROWS])
{
    const uint32_t first = safe_dsp_load(values);
    const uint32_t second = safe_dsp_load(values + 2);
    uint32_t w0;
    uint32_t w1;
    SAFE_DSP_LOAD_PAIR(w0, w1, weights);
    sums[0] = add_four(w0, first, second, sums[0]);
    sums[1] = add_four(w1, first, second, sums[1]);
    SAFE_DSP_LOAD_PAIR(w0, w1, weights + 2);
    sums[2] = add_four(w0, first, second, sums[2]);
    sums[3] = add_four(w1, first, second, sums[3]);
    SAFE_DSP_FENCE();
    return &weights[ROWS];
}

/** Rescales a sum: one rounding. */
static inline int16_t finish(int32_t sum, uint32_t multiplier)
{
    return (int16_t)safe_dsp_ssat16(safe_dsp_smmulr(sum, (int32_t)multiplier));
}

/** Four output channels of one position. @param group See the header. @param length Values of the
 * column. @return The next group. */
static SAFE_NOINLINE const uint32_t *run_group(const uint32_t *group, const int16_t *values,
                                               int32_t length, int32_t count, int16_t *output)
{
    const int16_t *end = &values[length];
    int32_t sums[ROWS] = {(int32_t)group[0], (int32_t)group[1], (int32_t)group[2],
                          (int32_t)group[3]};
    group += ROWS;
    /* The loop takes two blocks: an odd one comes first. */
    if ((length & 4) != 0) {
        group = add_block(group, values, sums);
        values += 4;
    }
    for (; values != end; values += 8) {
        group = add_block(group, values, sums);
        group = add_block(group, values + 4, sums);
    }
    /* The last group may have fewer than four channels: nothing is written past them. */
    output[0] = finish(sums[0], group[0]);
    if (count > 1) {
        output[1] = finish(sums[1], group[1]);
    }
    if (count > 2) {
        output[2] = finish(sums[2], group[2]);
    }
    if (count > 3) {
        output[3] = finish(sums[3], group[3]);
    }
    return &group[ROWS];
}

/** Limits values in place: a fused activation that int16 alone is not. */
static void clamp(int16_t *values, int32_t size, int32_t low, int32_t high)
{
    for (int32_t k = 0; k < size; k++) {
        const int32_t value = values[k] < low ? low : values[k];
        values[k] = (int16_t)(value > high ? high : value);
    }
}

void safe_kernel_conv_2d_s16_dsp(const safe_conv_2d_s16_dsp_params_t *params, const int16_t *input,
                                 const uint32_t *weights, void *scratch, int16_t *output)
{
    const safe_window_s16_t *window = &params->window;
    const int32_t positions = window->y.output * window->x.output;
    const int32_t length = safe_column_s16_length(window);
    int16_t *const first = output;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t n = 0; n < positions; n++) {
            const int16_t *column = safe_column_s16(window, input, n, (int16_t *)scratch);
            const uint32_t *group = weights;
            for (int32_t left = params->output_channels; left > 0; left -= ROWS) {
                const int32_t count = left < ROWS ? left : ROWS;
                group = run_group(group, column, length, count, output);
                output += count;
            }
        }
        input += window->y.size * window->x.size * window->channels;
    }
    if (params->output_min > INT16_MIN || params->output_max < INT16_MAX) {
        clamp(first, params->batches * positions * params->output_channels, params->output_min,
              params->output_max);
    }
}
