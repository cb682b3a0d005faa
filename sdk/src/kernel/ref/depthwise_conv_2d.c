/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d.c Reference int8 depthwise convolution: four output channels at a time,
 * and only the taps inside the image; what the others add is a constant per channel. */
#include "safe/kernel/depthwise_conv_2d.h"

#include "safe/fixed_point.h"

/** Output channels that are summed together. */
#define LANES 4

/** One output position. Steps are in bytes. */
typedef struct depthwise_window {
    const safe_depthwise_conv_2d_params_t *params;
    safe_conv_taps_t y;
    safe_conv_taps_t x;
    int32_t input_channels;
    int32_t output_channels;
} depthwise_window_t;

/** Input of channel 0 for the first tap inside of row `tap_y`. */
static const int8_t *first_input(const depthwise_window_t *window, const int8_t *image,
                                 int32_t tap_y)
{
    const safe_depthwise_conv_2d_params_t *params = window->params;
    const int32_t row = window->y.position + tap_y * params->y.dilation;
    const int32_t column = window->x.position + window->x.first * params->x.dilation;
    return &image[(row * params->x.size + column) * window->input_channels];
}

/** Weights of channel 0 for the first tap inside of row `tap_y`. */
static const int8_t *first_weights(const depthwise_window_t *window, const int8_t *weights,
                                   int32_t tap_y)
{
    const int32_t tap = tap_y * window->params->x.kernel + window->x.first;
    return &weights[tap * window->output_channels];
}

/** Adds the taps inside for LANES channels, each with an input of its own. */
static void add_each(const depthwise_window_t *window, const int8_t *image, const int8_t *weights,
                     int32_t sum[LANES])
{
    const int32_t input_step = window->params->x.dilation * window->input_channels;
    const int32_t weight_step = window->output_channels;
    int32_t s0 = sum[0];
    int32_t s1 = sum[1];
    int32_t s2 = sum[2];
    int32_t s3 = sum[3];
    for (int32_t tap = window->y.first; tap < window->y.end; tap++) {
        const int8_t *input = first_input(window, image, tap);
        const int8_t *w = first_weights(window, weights, tap);
        for (int32_t left = window->x.end - window->x.first; left > 0; left--) {
            s0 += (int32_t)input[0] * w[0];
            s1 += (int32_t)input[1] * w[1];
            s2 += (int32_t)input[2] * w[2];
            s3 += (int32_t)input[3] * w[3];
            input += input_step;
            w += weight_step;
        }
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
}

/** Adds the taps inside for LANES channels that share one input channel. */
static void add_shared(const depthwise_window_t *window, const int8_t *image, const int8_t *weights,
                       int32_t sum[LANES])
{
    const int32_t input_step = window->params->x.dilation * window->input_channels;
    const int32_t weight_step = window->output_channels;
    int32_t s0 = sum[0];
    int32_t s1 = sum[1];
    int32_t s2 = sum[2];
    int32_t s3 = sum[3];
    for (int32_t tap = window->y.first; tap < window->y.end; tap++) {
        const int8_t *input = first_input(window, image, tap);
        const int8_t *w = first_weights(window, weights, tap);
        for (int32_t left = window->x.end - window->x.first; left > 0; left--) {
            const int32_t value = *input;
            s0 += value * w[0];
            s1 += value * w[1];
            s2 += value * w[2];
            s3 += value * w[3];
            input += input_step;
            w += weight_step;
        }
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
}

/** Adds the taps inside for one channel. */
static void add_one(const depthwise_window_t *window, const int8_t *image, const int8_t *weights,
                    int32_t *sum)
{
    const int32_t input_step = window->params->x.dilation * window->input_channels;
    const int32_t weight_step = window->output_channels;
    int32_t total = *sum;
    for (int32_t tap = window->y.first; tap < window->y.end; tap++) {
        const int8_t *input = first_input(window, image, tap);
        const int8_t *w = first_weights(window, weights, tap);
        for (int32_t left = window->x.end - window->x.first; left > 0; left--) {
            total += (int32_t)*input * *w;
            input += input_step;
            w += weight_step;
        }
    }
    *sum = total;
}

/** Whether every tap lies inside the image. */
static inline int32_t is_inside(const depthwise_window_t *window)
{
    return window->y.end - window->y.first == window->params->y.kernel &&
           window->x.end - window->x.first == window->params->x.kernel;
}

/** Adds the input zero point times the weights of every tap outside, for `lanes` channels. */
static void add_outside(const depthwise_window_t *window, const int8_t *weights, int32_t lanes,
                        int32_t sum[LANES])
{
    const safe_depthwise_conv_2d_params_t *params = window->params;
    for (int32_t tap_y = 0; tap_y < params->y.kernel; tap_y++) {
        const int32_t row = tap_y >= window->y.first && tap_y < window->y.end;
        for (int32_t tap_x = 0; tap_x < params->x.kernel; tap_x++) {
            if (!row || tap_x < window->x.first || tap_x >= window->x.end) {
                for (int32_t r = 0; r < lanes; r++) {
                    sum[r] += params->input_zero_point * weights[r];
                }
            }
            weights += window->output_channels;
        }
    }
}

/** Computes output channels [first, end), all of which are in one row of lanes.
 * @param image The image at the input channel of output channel `first`. */
static void compute(const depthwise_window_t *window, const int8_t *image, const int8_t *weights,
                    const int32_t *bias, const int32_t *multiplier, const int8_t *shift,
                    int32_t first, int32_t end, int8_t *output)
{
    const safe_depthwise_conv_2d_params_t *params = window->params;
    const int32_t inside = is_inside(window);
    int32_t channel = first;
    while (channel < end) {
        const int32_t lanes = end - channel < LANES ? 1 : LANES;
        int32_t sum[LANES] = {0};
        for (int32_t r = 0; r < lanes; r++) {
            sum[r] = bias[channel + r];
        }
        if (lanes == 1) {
            add_one(window, image, &weights[channel], sum);
        } else if (params->channel_multiplier == 1) {
            add_each(window, image, &weights[channel], sum);
        } else {
            add_shared(window, image, &weights[channel], sum);
        }
        if (!inside) {
            add_outside(window, &weights[channel], lanes, sum);
        }
        for (int32_t r = 0; r < lanes; r++, channel++) {
            const int32_t q = channel * params->requantize_step;
            const int32_t scaled = safe_requantize(sum[r], multiplier[q], shift[q]);
            output[channel] = (int8_t)safe_clamp(scaled + params->output_zero_point,
                                                 params->output_min, params->output_max);
        }
        image += params->channel_multiplier == 1 ? lanes : 0;
    }
}

void safe_kernel_depthwise_conv_2d_s8(const safe_depthwise_conv_2d_params_t *params,
                                      const int8_t *input, const int8_t *weights,
                                      const int32_t *bias, const int32_t *multiplier,
                                      const int8_t *shift, void *scratch, int8_t *output)
{
    const int32_t channels = params->input_channels;
    const int32_t copies = params->channel_multiplier;
    const int32_t rows = params->batches * params->y.output;
    const int32_t image_bytes = params->y.size * params->x.size * channels;
    depthwise_window_t window = {params, {0, 0, 0}, {0, 0, 0}, channels, channels * copies};
    (void)scratch;
    for (int32_t n = 0; n < rows; n++) {
        const int8_t *image = &input[n / params->y.output * image_bytes];
        window.y = safe_conv_axis_taps(&params->y, n % params->y.output);
        for (int32_t x = 0; x < params->x.output; x++) {
            window.x = safe_conv_axis_taps(&params->x, x);
            if (copies == 1) {
                compute(&window, image, weights, bias, multiplier, shift, 0, channels, output);
            } else {
                for (int32_t c = 0; c < channels; c++) {
                    compute(&window, &image[c], weights, bias, multiplier, shift, c * copies,
                            (c + 1) * copies, output);
                }
            }
            output += window.output_channels;
        }
    }
}
