/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d.c Reference int8 convolution: four output channels at a time, and whole rows of
 * taps at a time where they lie next to each other in the input: one group, no dilation. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_2d.h"

#include <stddef.h>

#include "safe/fixed_point.h"
#include "safe/kernel/dot.h"

/** The weights of up to four output channels, and their sums at one output position. */
typedef struct conv_rows {
    const int8_t *weights; /**< Weights of the first channel. */
    int32_t step;          /**< Bytes from channel to channel. */
    int32_t count;         /**< 1 or SAFE_DOT_ROWS. */
    int32_t sum[SAFE_DOT_ROWS];
} conv_rows_t;

/** Adds `length` input elements times the weights from `start` on. */
static void add_inside(conv_rows_t *rows, const int8_t *input, int32_t start, int32_t length)
{
    if (rows->count == SAFE_DOT_ROWS) {
        safe_dot4_s8(input, &rows->weights[start], rows->step, length, rows->sum);
    } else {
        safe_dot1_s8(input, &rows->weights[start], length, rows->sum);
    }
}

/** Adds `zero_point` times the weights from `start` on: taps outside the image. */
static void add_outside(conv_rows_t *rows, int32_t zero_point, int32_t start, int32_t length)
{
    for (int32_t r = 0; r < rows->count; r++) {
        const int8_t *weights = &rows->weights[r * rows->step + start];
        for (int32_t k = 0; k < length; k++) {
            rows->sum[r] += zero_point * weights[k];
        }
    }
}

/** Returns the input channels of a group. */
static int32_t group_depth(const safe_conv_2d_params_t *params)
{
    return params->input_channels / params->groups;
}

/** Adds one row of taps. @param row Input row from the group's first channel on, null when it lies
 * outside the image. @param start First weight of the row of taps. @param x Input position of tap
 * 0. */
static void add_row(const safe_conv_2d_params_t *params, conv_rows_t *rows, const int8_t *row,
                    int32_t start, int32_t x)
{
    const int32_t depth = group_depth(params);
    const int32_t dilation = params->x.dilation;
    const int32_t size = params->x.size;
    int32_t tap = 0;
    while (tap < params->x.kernel) {
        const int32_t position = x + tap * dilation;
        int32_t taps = 1;
        if (row == NULL || position < 0 || position >= size) {
            add_outside(rows, params->input_zero_point, start + tap * depth, depth);
        } else {
            if (dilation == 1 && params->groups == 1) {
                taps = params->x.kernel - tap;
                taps = taps < size - position ? taps : size - position;
            }
            add_inside(rows, &row[position * params->input_channels], start + tap * depth,
                       taps * depth);
        }
        tap += taps;
    }
}

/** Sums all taps of one output position for the channels of `rows`, all of one group.
 * @param image From the group's first channel on. */
static void add_patch(const safe_conv_2d_params_t *params, conv_rows_t *rows, const int8_t *image,
                      int32_t y, int32_t x)
{
    const int32_t row_bytes = params->x.size * params->input_channels;
    const int32_t taps_bytes = params->x.kernel * group_depth(params);
    for (int32_t tap = 0; tap < params->y.kernel; tap++) {
        const int32_t position = y + tap * params->y.dilation;
        const int8_t *row = NULL;
        if (position >= 0 && position < params->y.size) {
            row = &image[position * row_bytes];
        }
        add_row(params, rows, row, tap * taps_bytes, x);
    }
}

void safe_kernel_conv_2d_s8(const safe_conv_2d_params_t *params, const int8_t *input,
                            const int8_t *weights, const int32_t *bias, const int32_t *multiplier,
                            const int8_t *shift, void *scratch, int8_t *output)
{
    const int32_t channels = params->output_channels;
    const int32_t depth = group_depth(params);
    const int32_t group = channels / params->groups;
    const int32_t step = params->y.kernel * params->x.kernel * depth;
    const int32_t positions = params->y.output * params->x.output;
    (void)scratch;
    for (int32_t n = 0; n < params->batches * positions; n++) {
        const int32_t batch = n / positions;
        const int32_t position = n % positions;
        const int32_t y = position / params->x.output * params->y.stride - params->y.pad;
        const int32_t x = position % params->x.output * params->x.stride - params->x.pad;
        const int8_t *image =
            &input[batch * params->y.size * params->x.size * params->input_channels];
        int32_t channel = 0;
        while (channel < channels) {
            conv_rows_t rows = {&weights[channel * step], step, SAFE_DOT_ROWS, {0}};
            if (group - channel % group < SAFE_DOT_ROWS) {
                rows.count = 1;
            }
            for (int32_t r = 0; r < rows.count; r++) {
                rows.sum[r] = bias[channel + r];
            }
            add_patch(params, &rows, &image[channel / group * depth], y, x);
            for (int32_t r = 0; r < rows.count; r++, channel++) {
                const int32_t q = channel * params->requantize_step;
                const int32_t scaled = safe_requantize(rows.sum[r], multiplier[q], shift[q]);
                *output++ = (int8_t)safe_clamp(scaled + params->output_zero_point,
                                               params->output_min, params->output_max);
            }
        }
    }
}
