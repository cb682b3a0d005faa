/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_rv32.c int8 depthwise convolution of any window, channel by channel: a
 * channel is copied with its padding, once for all of its multiples, so that no tap asks whether it
 * is inside. The weights of 3 x 3 and of one line of three to eight taps stay in registers. */
#define SAFE_GOAL_NO_SMALL
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_conv_2d_rv32.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/rv32.h"

/** The nine weights of a 3 x 3 kernel as variables. */
#define NINE_WEIGHTS(weights)                                                                      \
    const int32_t w0 = (weights)[0], w1 = (weights)[1], w2 = (weights)[2];                         \
    const int32_t w3 = (weights)[3], w4 = (weights)[4], w5 = (weights)[5];                         \
    const int32_t w6 = (weights)[6], w7 = (weights)[7], w8 = (weights)[8]

/** One row of outputs of a 3 x 3 kernel without dilation along it. */
static SAFE_NOINLINE void run_row_3x3(const safe_depthwise_rv32_params_t *params,
                                      const int8_t *weights, const int8_t *top,
                                      const safe_depthwise_rv32_channel_t *channel, int8_t *output)
{
    NINE_WEIGHTS(weights);
    const safe_rv32_rescale_t rescale = safe_rv32_rescale_of(channel->multiplier, channel->shift,
                                                             2 * params->output_zero_point + 1);
    const int32_t start = channel->start;
    const int32_t stride = params->line_step;
    const int32_t step = params->plane.line.output_step;
    const int8_t *middle = &top[params->next_line];
    const int8_t *bottom = &middle[params->next_line];
    for (int32_t left = params->plane.line.output; left > 0; left--) {
        int32_t sum = start + w0 * top[0] + w1 * top[1] + w2 * top[2];
        sum += w3 * middle[0] + w4 * middle[1] + w5 * middle[2];
        sum += w6 * bottom[0] + w7 * bottom[1] + w8 * bottom[2];
        *output = (int8_t)safe_rv32_rescale_s8(sum, rescale);
        top += stride;
        middle += stride;
        bottom += stride;
        output += step;
    }
}

/** One row of outputs of a kernel of one line of three taps. */
static SAFE_NOINLINE void run_row_1x3(const safe_depthwise_rv32_params_t *params,
                                      const int8_t *weights, const int8_t *values,
                                      const safe_depthwise_rv32_channel_t *channel, int8_t *output)
{
    const int32_t w0 = weights[0];
    const int32_t w1 = weights[1];
    const int32_t w2 = weights[2];
    const safe_rv32_rescale_t rescale = safe_rv32_rescale_of(channel->multiplier, channel->shift,
                                                             2 * params->output_zero_point + 1);
    const int32_t start = channel->start;
    const int32_t step = params->line_step;
    const int32_t output_step = params->plane.line.output_step;
    for (int32_t left = params->plane.line.output; left > 0; left--) {
        const int32_t sum = start + w0 * values[0] + w1 * values[1] + w2 * values[2];
        *output = (int8_t)safe_rv32_rescale_s8(sum, rescale);
        values += step;
        output += output_step;
    }
}

/** One row of outputs of a kernel of one line of four to `most` taps, for which this is inlined.
 * The weights stay in registers; those behind the last tap are 0, and so many values are read
 * besides. */
static inline void run_line(const safe_depthwise_rv32_params_t *params, int32_t most,
                            const int8_t *weights, const int8_t *values,
                            const safe_depthwise_rv32_channel_t *channel, int8_t *output)
{
    int32_t w[SAFE_DEPTHWISE_RV32_LINE] = {0};
    for (int32_t k = 0; k < most; k++) {
        w[k] = k < params->taps ? weights[k] : 0;
    }
    const safe_rv32_rescale_t rescale = safe_rv32_rescale_of(channel->multiplier, channel->shift,
                                                             2 * params->output_zero_point + 1);
    const int32_t start = channel->start;
    const int32_t step = params->line_step;
    const int32_t output_step = params->plane.line.output_step;
    for (int32_t left = params->plane.line.output; left > 0; left--) {
        int32_t sum = start + w[0] * values[0] + w[1] * values[1];
        sum += w[2] * values[2] + w[3] * values[3] + w[4] * values[4];
        if (most > 5) {
            sum += w[5] * values[5] + w[6] * values[6] + w[7] * values[7];
        }
        *output = (int8_t)safe_rv32_rescale_s8(sum, rescale);
        values += step;
        output += output_step;
    }
}

static SAFE_NOINLINE void run_row_1x5(const safe_depthwise_rv32_params_t *params,
                                      const int8_t *weights, const int8_t *values,
                                      const safe_depthwise_rv32_channel_t *channel, int8_t *output)
{
    run_line(params, 5, weights, values, channel, output);
}

static SAFE_NOINLINE void run_row_1x8(const safe_depthwise_rv32_params_t *params,
                                      const int8_t *weights, const int8_t *values,
                                      const safe_depthwise_rv32_channel_t *channel, int8_t *output)
{
    run_line(params, SAFE_DEPTHWISE_RV32_LINE, weights, values, channel, output);
}

/** Adds the products of one line of taps: where the values lie side by side four at a time, then
 * two and one. */
static inline int32_t add_taps(const int8_t *weights, const int8_t *values, int32_t taps,
                               int32_t next, int32_t sum)
{
    if (next != 1) {
        for (; taps > 0; taps--, values += next) {
            sum += *weights++ * *values;
        }
        return sum;
    }
    for (; taps > 3; taps -= 4, weights += 4, values += 4) {
        sum += weights[0] * values[0] + weights[1] * values[1];
        SAFE_RV32_FENCE();
        sum += weights[2] * values[2] + weights[3] * values[3];
        SAFE_RV32_FENCE();
    }
    if ((taps & 2) != 0) {
        sum += weights[0] * values[0] + weights[1] * values[1];
        weights += 2;
        values += 2;
    }
    return (taps & 1) != 0 ? sum + *weights * *values : sum;
}

/** One row of outputs of any kernel. */
static SAFE_NOINLINE void run_row(const safe_depthwise_rv32_params_t *params, const int8_t *weights,
                                  const int8_t *values,
                                  const safe_depthwise_rv32_channel_t *channel, int8_t *output)
{
    const int32_t kernel = params->taps;
    const int32_t next = params->next_tap;
    const safe_rv32_rescale_t rescale = safe_rv32_rescale_of(channel->multiplier, channel->shift,
                                                             2 * params->output_zero_point + 1);
    const int8_t *end = &weights[params->lines * kernel];
    const int32_t next_line = params->next_line;
    const int32_t step = params->line_step;
    const int32_t output_step = params->plane.line.output_step;
    const int32_t start = channel->start;
    for (int32_t left = params->plane.line.output; left > 0; left--) {
        const int8_t *taps = values;
        int32_t sum = start;
        for (const int8_t *weight = weights; weight != end; weight += kernel) {
            sum = add_taps(weight, taps, kernel, next, sum);
            taps += next_line;
        }
        *output = (int8_t)safe_rv32_rescale_s8(sum, rescale);
        output += output_step;
        values += step;
    }
}

/** All output positions of one channel of one image, from its plane, line by line. */
static void run_rows(const safe_depthwise_rv32_params_t *params, const int8_t *weights,
                     const safe_depthwise_rv32_channel_t *channel, const int8_t *plane,
                     int8_t *output)
{
    const int32_t is_three = params->taps == 3 && params->next_tap == 1;
    const int32_t is_line = params->lines == 1 && params->next_tap == 1 && params->taps > 3;
    for (int32_t left = params->plane.across.output; left > 0; left--) {
        if (is_three != 0 && params->lines == 3) {
            run_row_3x3(params, weights, plane, channel, output);
        } else if (is_three != 0 && params->lines == 1) {
            run_row_1x3(params, weights, plane, channel, output);
        } else if (is_line != 0 && params->taps <= 5) {
            run_row_1x5(params, weights, plane, channel, output);
        } else if (is_line != 0 && params->taps <= SAFE_DEPTHWISE_RV32_LINE) {
            run_row_1x8(params, weights, plane, channel, output);
        } else {
            run_row(params, weights, plane, channel, output);
        }
        plane += params->across_step;
        output += params->plane.across.output_step;
    }
}

void safe_kernel_depthwise_conv_2d_s8_rv32(const safe_depthwise_rv32_params_t *params,
                                           const int8_t *input, const int8_t *weights,
                                           const int32_t *channels, void *scratch, int8_t *output)
{
    const safe_depthwise_plane_t *plane = &params->plane;
    const int32_t taps = params->lines * params->taps;
    const int32_t outputs = params->input_channels * params->channel_multiplier;
    const int32_t output_size = plane->line.output * plane->across.output * outputs;
    int8_t *const values = (int8_t *)scratch;
    int8_t *const first = output;
    (void)memset(values, params->input_zero_point, (size_t)params->plane_bytes);
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const safe_depthwise_rv32_channel_t *channel =
            (const safe_depthwise_rv32_channel_t *)channels;
        for (int32_t c = 0; c < outputs; c++, channel++) {
            if (c % params->channel_multiplier == 0) {
                safe_depthwise_copy(plane, &input[c / params->channel_multiplier], values);
            }
            run_rows(params, &weights[c * taps], channel, values, &output[c]);
        }
        input += params->image_bytes;
        output += output_size;
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_rv32_clamp_s8(first, params->batches * output_size, params->output_min,
                           params->output_max);
    }
}
