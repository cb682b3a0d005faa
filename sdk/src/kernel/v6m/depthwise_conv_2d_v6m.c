/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_v6m.c int8 depthwise convolution, channel by channel: a channel is
 * copied with its padding, so that no tap asks whether it is inside. A 3 x 3 kernel with a stride
 * of 1 runs down the columns: each row of three values is loaded once for the three outputs that
 * see it. */
#define SAFE_GOAL_NO_FAST
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_conv_2d_v6m.h"

#include "safe/compiler.h"
#include "safe/kernel/v6m.h"

/** Steps in bytes, and what one row or column of outputs is. */
typedef struct line {
    int32_t tap_rows;    /**< From a row of taps to the next, in the plane. */
    int32_t stride;      /**< From an output position to the next, in the plane. */
    int32_t count;       /**< Output positions. */
    int32_t output_step; /**< From an output position to the next, in the output. */
    int32_t halves;      /**< 1 + twice the zero point of the output. */
    int32_t low;         /**< Limits of the output. */
    int32_t high;
} line_t;

/** The nine weights of a 3 x 3 kernel as variables, extended to words once for a line. */
#define NINE_WEIGHTS(weights)                                                                      \
    const int32_t w0 = (weights)[0], w1 = (weights)[1], w2 = (weights)[2];                         \
    const int32_t w3 = (weights)[3], w4 = (weights)[4], w5 = (weights)[5];                         \
    const int32_t w6 = (weights)[6], w7 = (weights)[7], w8 = (weights)[8]

/** One row of three values: the last of the output that `finished` sums, the
 * middle one of the next output, and the first of the one after that, whose sum
 * takes the same variable. */
#define VALUES(finished, next)                                                                     \
    do {                                                                                           \
        const int32_t left_value = values[0];                                                      \
        const int32_t middle_value = values[1];                                                    \
        const int32_t right_value = values[2];                                                     \
        values += tap_rows;                                                                        \
        (finished) += w6 * left_value + w7 * middle_value + w8 * right_value;                      \
        (next) += w3 * left_value + w4 * middle_value + w5 * right_value;                          \
        *output = (int8_t)safe_v6m_clamp(safe_v6m_rescale(finished, rescale), low, high);          \
        output += step;                                                                            \
        (finished) = start + w0 * left_value + w1 * middle_value + w2 * right_value;               \
    } while (0)

/** One column of outputs, one position after the other, of a 3 x 3 kernel
 * without dilation. @param line Outputs of the line; `tap_rows` is the next row, too. */
static SAFE_NOINLINE void run_column_3x3(const line_t *line, const int8_t *weights,
                                         const int8_t *values,
                                         const safe_depthwise_v6m_channel_t *channel,
                                         int8_t *output)
{
    NINE_WEIGHTS(weights);
    const safe_v6m_rescale_t rescale =
        safe_v6m_rescale_of(channel->multiplier, channel->shift, line->halves);
    const int32_t low = line->low;
    const int32_t high = line->high;
    const int32_t start = channel->start;
    const int32_t step = line->output_step;
    const int32_t tap_rows = line->tap_rows;
    /* Two sums are open at any time, as a row of values belongs to three outputs: the last row of
     * one, the middle row of the next, the first row of the one after, which takes over the
     * variable of the one that is finished. Here the first two rows are entered. */
    int32_t even = start + w0 * values[0] + w1 * values[1] + w2 * values[2];
    int32_t odd = start;
    int32_t left = line->count;
    values += tap_rows;
    even += w3 * values[0] + w4 * values[1] + w5 * values[2];
    odd += w0 * values[0] + w1 * values[1] + w2 * values[2];
    values += tap_rows;
    /* Two turns, as the variables change their parts. */
    for (; left > 1; left -= 2) {
        VALUES(even, odd);
        VALUES(odd, even);
    }
    if (left > 0) {
        VALUES(even, odd);
    }
}

/** One row of outputs of a 3 x 3 kernel without dilation along it. */
static SAFE_NOINLINE void run_row_3x3(const line_t *line, const int8_t *weights, const int8_t *top,
                                      const safe_depthwise_v6m_channel_t *channel, int8_t *output)
{
    NINE_WEIGHTS(weights);
    const safe_v6m_rescale_t rescale =
        safe_v6m_rescale_of(channel->multiplier, channel->shift, line->halves);
    const int32_t low = line->low;
    const int32_t high = line->high;
    const int32_t start = channel->start;
    const int32_t stride = line->stride;
    const int32_t step = line->output_step;
    const int8_t *middle = &top[line->tap_rows];
    const int8_t *bottom = &middle[line->tap_rows];
    for (int32_t left = line->count; left > 0; left--) {
        int32_t sum = start + w0 * top[0] + w1 * top[1] + w2 * top[2];
        sum += w3 * middle[0] + w4 * middle[1] + w5 * middle[2];
        sum += w6 * bottom[0] + w7 * bottom[1] + w8 * bottom[2];
        *output = (int8_t)safe_v6m_clamp(safe_v6m_rescale(sum, rescale), low, high);
        top += stride;
        middle += stride;
        bottom += stride;
        output += step;
    }
}

/** One row of outputs of any kernel. */
static void run_row(const safe_depthwise_conv_2d_v6m_params_t *params, const line_t *line,
                    const int8_t *weights, const int8_t *values,
                    const safe_depthwise_v6m_channel_t *channel, int8_t *output)
{
    const safe_v6m_rescale_t rescale =
        safe_v6m_rescale_of(channel->multiplier, channel->shift, line->halves);
    const int32_t low = line->low;
    const int32_t high = line->high;
    for (int32_t left = line->count; left > 0; left--) {
        const int8_t *weight = weights;
        const int8_t *taps = values;
        int32_t sum = channel->start;
        for (int32_t ky = 0; ky < params->y.kernel; ky++) {
            const int8_t *tap = taps;
            for (int32_t kx = 0; kx < params->x.kernel; kx++) {
                sum += *weight++ * *tap;
                tap += params->x.dilation;
            }
            taps += line->tap_rows;
        }
        *output = (int8_t)safe_v6m_clamp(safe_v6m_rescale(sum, rescale), low, high);
        output += line->output_step;
        values += line->stride;
    }
}

/** How much of an axis is copied: what lies before it in the plane, and the
 * positions that are seen. */
typedef struct part {
    int32_t before;
    int32_t seen;
} part_t;

static part_t part_of(const safe_conv_axis_t *axis, int32_t plane)
{
    part_t part = {axis->pad, 0};
    if (part.before < plane) {
        part.seen = axis->size < plane - part.before ? axis->size : plane - part.before;
    }
    return part;
}

/** Copies what is seen of one channel to the middle of the plane; around it lies
 * the zero point, for all channels.
 * @param image First value of the channel. */
static SAFE_NOINLINE void copy_plane(const safe_depthwise_conv_2d_v6m_params_t *params, part_t y,
                                     part_t x, const int8_t *image, int8_t *plane)
{
    const int32_t step = params->channels;
    const int32_t row_bytes = params->x.size * step;
    int8_t *row = &plane[y.before * params->plane_columns + x.before];
    for (int32_t rows = y.seen; rows > 0; rows--) {
        const int8_t *from = image;
        int8_t *to = row;
        for (int32_t left = x.seen; left > 0; left--, from += step) {
            *to++ = *from;
        }
        image += row_bytes;
        row += params->plane_columns;
    }
}

/** All output positions of one channel of one image, from its plane, with a
 * 3 x 3 kernel, down the columns. */
static void run_columns(const safe_depthwise_conv_2d_v6m_params_t *params, const int8_t *weights,
                        const safe_depthwise_v6m_channel_t *channel, const int8_t *plane,
                        int8_t *output)
{
    const line_t line = {params->plane_columns,
                         1,
                         params->y.output,
                         params->x.output * params->channels,
                         2 * params->output_zero_point + 1,
                         params->output_min,
                         params->output_max};
    for (int32_t x = 0; x < params->x.output; x++) {
        run_column_3x3(&line, weights, plane, channel, output);
        plane += params->x.stride;
        output += params->channels;
    }
}

/** All output positions of one channel of one image, from its plane, row by
 * row. */
static void run_rows(const safe_depthwise_conv_2d_v6m_params_t *params, const int8_t *weights,
                     const safe_depthwise_v6m_channel_t *channel, const int8_t *plane,
                     int8_t *output)
{
    const int32_t columns = params->plane_columns;
    const line_t line = {
        columns * params->y.dilation,      params->x.stride,   params->x.output,  params->channels,
        2 * params->output_zero_point + 1, params->output_min, params->output_max};
    const int32_t is_3x3 =
        params->y.kernel == 3 && params->x.kernel == 3 && params->x.dilation == 1;
    for (int32_t y = 0; y < params->y.output; y++) {
        const int8_t *values = &plane[y * params->y.stride * columns];
        if (is_3x3 != 0) {
            run_row_3x3(&line, weights, values, channel, output);
        } else {
            run_row(params, &line, weights, values, channel, output);
        }
        output += params->x.output * params->channels;
    }
}

void safe_kernel_depthwise_conv_2d_s8_v6m(const safe_depthwise_conv_2d_v6m_params_t *params,
                                          const int8_t *input, const int8_t *weights,
                                          const int32_t *channels, void *scratch, int8_t *output)
{
    const safe_depthwise_v6m_channel_t *channel = (const safe_depthwise_v6m_channel_t *)channels;
    const int32_t taps = params->y.kernel * params->x.kernel;
    const int32_t output_size = params->y.output * params->x.output * params->channels;
    const int32_t down = params->y.kernel == 3 && params->x.kernel == 3 && params->y.stride == 1 &&
                         params->y.dilation == 1 && params->x.dilation == 1;
    int8_t *plane = (int8_t *)scratch;
    const part_t y = part_of(&params->y, params->plane_rows);
    const part_t x = part_of(&params->x, params->plane_columns);
    for (int32_t k = 0; k < params->plane_rows * params->plane_columns; k++) {
        plane[k] = (int8_t)params->input_zero_point;
    }
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t c = 0; c < params->channels; c++) {
            copy_plane(params, y, x, &input[c], plane);
            if (down != 0) {
                run_columns(params, &weights[c * taps], &channel[c], plane, &output[c]);
            } else {
                run_rows(params, &weights[c * taps], &channel[c], plane, &output[c]);
            }
        }
        input += params->y.size * params->x.size * params->channels;
        output += output_size;
    }
}
