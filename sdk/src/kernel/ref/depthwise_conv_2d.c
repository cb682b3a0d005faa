/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d.c Reference int8 depthwise convolution: four output channels at a time,
 * their sums in registers over all taps. */
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_conv_2d.h"

#include "safe/fixed_point.h"

/** Output channels that are summed together. */
#define LANES 4

/** One output position. Steps are in bytes. */
typedef struct depthwise_window {
    const safe_depthwise_conv_2d_params_t *params;
    safe_conv_taps_t y;
    safe_conv_taps_t x;
    int32_t tap_step;    /**< Input from tap to tap of a row. */
    int32_t row_step;    /**< Input from row to row of taps. */
    int32_t weight_step; /**< Weights from tap to tap. */
} depthwise_window_t;

/** A row of taps: `before` of them lie left of the image, `inside` in it, `after` right of it. */
typedef struct depthwise_row {
    int32_t before;
    int32_t inside;
    int32_t after;
} depthwise_row_t;

/** Input position of the first tap inside; 0, which is not read, when there is none. */
static inline int32_t first_inside(const safe_conv_taps_t *taps, int32_t dilation)
{
    return taps->first < taps->end ? taps->position + taps->first * dilation : 0;
}

/** Splits row `tap_y` of the taps; a row above or below the image has none inside. */
static inline depthwise_row_t split_row(const depthwise_window_t *window, int32_t tap_y)
{
    depthwise_row_t row = {window->params->x.kernel, 0, 0};
    if (tap_y >= window->y.first && tap_y < window->y.end) {
        row.after = row.before - window->x.end;
        row.before = window->x.first;
        row.inside = window->x.end - window->x.first;
    }
    return row;
}

/** Adds `count` taps outside the image, which see the input zero point, for LANES channels. */
static inline const int8_t *add_outside(int32_t zero_point, const int8_t *weights, int32_t step,
                                        int32_t count, int32_t sum[LANES])
{
    for (; count > 0; count--) {
        sum[0] += zero_point * weights[0];
        sum[1] += zero_point * weights[1];
        sum[2] += zero_point * weights[2];
        sum[3] += zero_point * weights[3];
        weights += step;
    }
    return weights;
}

/** Sums all taps for LANES channels, each with an input channel of its own.
 * @param input Value of the first channel, at the first tap inside. */
static void add_each(const depthwise_window_t *window, const int8_t *input, const int8_t *weights,
                     int32_t result[LANES])
{
    const int32_t zero_point = window->params->input_zero_point;
    const int32_t step = window->weight_step;
    int32_t sum[LANES] = {result[0], result[1], result[2], result[3]};
    for (int32_t tap_y = 0; tap_y < window->params->y.kernel; tap_y++) {
        const depthwise_row_t row = split_row(window, tap_y);
        weights = add_outside(zero_point, weights, step, row.before, sum);
        const int8_t *tap = input;
        for (int32_t left = row.inside; left > 0; left--) {
            sum[0] += (int32_t)tap[0] * weights[0];
            sum[1] += (int32_t)tap[1] * weights[1];
            sum[2] += (int32_t)tap[2] * weights[2];
            sum[3] += (int32_t)tap[3] * weights[3];
            tap += window->tap_step;
            weights += step;
        }
        weights = add_outside(zero_point, weights, step, row.after, sum);
        input += row.inside > 0 ? window->row_step : 0;
    }
    for (int32_t r = 0; r < LANES; r++) {
        result[r] = sum[r];
    }
}

/** Sums all taps for LANES channels that share one input channel. */
static void add_shared(const depthwise_window_t *window, const int8_t *input, const int8_t *weights,
                       int32_t result[LANES])
{
    const int32_t zero_point = window->params->input_zero_point;
    const int32_t step = window->weight_step;
    int32_t sum[LANES] = {result[0], result[1], result[2], result[3]};
    for (int32_t tap_y = 0; tap_y < window->params->y.kernel; tap_y++) {
        const depthwise_row_t row = split_row(window, tap_y);
        weights = add_outside(zero_point, weights, step, row.before, sum);
        const int8_t *tap = input;
        for (int32_t left = row.inside; left > 0; left--) {
            weights = add_outside(*tap, weights, step, 1, sum);
            tap += window->tap_step;
        }
        weights = add_outside(zero_point, weights, step, row.after, sum);
        input += row.inside > 0 ? window->row_step : 0;
    }
    for (int32_t r = 0; r < LANES; r++) {
        result[r] = sum[r];
    }
}

/** Sums all taps for one channel. */
static void add_one(const depthwise_window_t *window, const int8_t *input, const int8_t *weights,
                    int32_t *result)
{
    const int32_t zero_point = window->params->input_zero_point;
    int32_t sum = *result;
    for (int32_t tap_y = 0; tap_y < window->params->y.kernel; tap_y++) {
        const depthwise_row_t row = split_row(window, tap_y);
        const int32_t end = row.before + row.inside;
        const int8_t *tap = input;
        for (int32_t tap_x = 0; tap_x < window->params->x.kernel; tap_x++) {
            if (tap_x >= row.before && tap_x < end) {
                sum += (int32_t)*tap * *weights;
                tap += window->tap_step;
            } else {
                sum += zero_point * *weights;
            }
            weights += window->weight_step;
        }
        input += row.inside > 0 ? window->row_step : 0;
    }
    *result = sum;
}

/** Constants per output channel. */
typedef struct depthwise_channels {
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
} depthwise_channels_t;

/** Rescales the sum of one output channel. */
static inline int8_t finish(const safe_depthwise_conv_2d_params_t *params,
                            const depthwise_channels_t *constants, int32_t channel, int32_t sum)
{
    const int32_t q = channel * params->requantize_step;
    const int32_t scaled = safe_requantize(sum, constants->multiplier[q], constants->shift[q]);
    return (int8_t)safe_clamp(scaled + params->output_zero_point, params->output_min,
                              params->output_max);
}

/** Computes output channels [first, end) of one position. With fewer than LANES left, the last
 * LANES of them are computed again, unless there are fewer altogether.
 * @param input Input channel of output channel `first`, at the first tap inside. */
static void compute(const depthwise_window_t *window, const depthwise_channels_t *constants,
                    const int8_t *input, int32_t first, int32_t end, int8_t *output)
{
    const safe_depthwise_conv_2d_params_t *params = window->params;
    const int32_t is_shared = params->channel_multiplier > 1;
    int32_t channel = first;
    while (channel < end && end - first >= LANES) {
        channel = channel > end - LANES ? end - LANES : channel;
        const int8_t *weights = &constants->weights[channel];
        const int32_t *bias = &constants->bias[channel];
        int32_t sum[LANES] = {bias[0], bias[1], bias[2], bias[3]};
        if (is_shared) {
            add_shared(window, input, weights, sum);
        } else {
            add_each(window, &input[channel - first], weights, sum);
        }
        for (int32_t r = 0; r < LANES; r++, channel++) {
            output[channel] = finish(params, constants, channel, sum[r]);
        }
    }
    for (; channel < end; channel++) {
        int32_t sum = constants->bias[channel];
        add_one(window, &input[is_shared ? 0 : channel - first], &constants->weights[channel],
                &sum);
        output[channel] = finish(params, constants, channel, sum);
    }
}

void safe_kernel_depthwise_conv_2d_s8(const safe_depthwise_conv_2d_params_t *params,
                                      const int8_t *input, const int8_t *weights,
                                      const int32_t *bias, const int32_t *multiplier,
                                      const int8_t *shift, void *scratch, int8_t *output)
{
    const int32_t channels = params->input_channels;
    const int32_t copies = params->channel_multiplier;
    const int32_t row_bytes = params->x.size * channels;
    const depthwise_channels_t constants = {weights, bias, multiplier, shift};
    depthwise_window_t window = {params,
                                 {0, 0, 0},
                                 {0, 0, 0},
                                 params->x.dilation * channels,
                                 params->y.dilation * row_bytes,
                                 channels * copies};
    (void)scratch;
    for (int32_t n = 0; n < params->batches * params->y.output; n++) {
        const int8_t *image = &input[n / params->y.output * params->y.size * row_bytes];
        window.y = safe_conv_axis_taps(&params->y, n % params->y.output);
        const int32_t row = first_inside(&window.y, params->y.dilation);
        for (int32_t x = 0; x < params->x.output; x++) {
            window.x = safe_conv_axis_taps(&params->x, x);
            const int32_t column = first_inside(&window.x, params->x.dilation);
            const int8_t *first = &image[row * row_bytes + column * channels];
            if (copies == 1) {
                compute(&window, &constants, first, 0, channels, output);
            } else {
                for (int32_t c = 0; c < channels; c++) {
                    compute(&window, &constants, &first[c], c * copies, (c + 1) * copies, output);
                }
            }
            output += channels * copies;
        }
    }
}
