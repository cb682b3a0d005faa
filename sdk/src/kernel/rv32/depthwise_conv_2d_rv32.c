/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_rv32.c int8 depthwise convolution, channel by
 * channel: a channel is copied with its padding, so that no tap asks whether it
 * is inside, and the nine weights of a 3 x 3 kernel stay in registers. */
#include "safe/kernel/depthwise_conv_2d_rv32.h"

#include "safe/compiler.h"

/** Steps in bytes, and what one row of outputs is. */
typedef struct row {
    int32_t tap_rows;    /**< From a row of taps to the next, in the plane. */
    int32_t stride;      /**< From an output position to the next, in the plane. */
    int32_t count;       /**< Output positions. */
    int32_t output_step; /**< From an output position to the next, in the output. */
    int32_t halves;      /**< 1 + twice the zero point of the output. */
} row_t;

/** Adds the products of one row of three weights for two neighbouring
 * positions. */
#define TWO_POSITIONS(values, w0, w1, w2)                                                          \
    do {                                                                                           \
        int32_t value = (values)[0];                                                               \
        first += (w0)*value;                                                                       \
        value = (values)[1];                                                                       \
        first += (w1)*value;                                                                       \
        second += (w0)*value;                                                                      \
        value = (values)[2];                                                                       \
        first += (w2)*value;                                                                       \
        second += (w1)*value;                                                                      \
        value = (values)[3];                                                                       \
        second += (w2)*value;                                                                      \
        SAFE_RV32_FENCE();                                                                         \
    } while (0)

/** One row of outputs of a 3 x 3 kernel without dilation along it. */
static SAFE_NOINLINE void run_row_3x3(const row_t *row, const int8_t *weights, const int8_t *top,
                                      const safe_depthwise_rv32_channel_t *channel, int8_t *output)
{
    const int32_t w0 = weights[0], w1 = weights[1], w2 = weights[2];
    const int32_t w3 = weights[3], w4 = weights[4], w5 = weights[5];
    const int32_t w6 = weights[6], w7 = weights[7], w8 = weights[8];
    const safe_rv32_rescale_t rescale =
        safe_rv32_rescale_of(channel->multiplier, channel->shift, row->halves);
    const int32_t start = channel->start;
    const int32_t stride = row->stride;
    const int32_t step = row->output_step;
    const int8_t *middle = &top[row->tap_rows];
    const int8_t *bottom = &middle[row->tap_rows];
    int32_t left = row->count;
    if (stride == 1) {
        for (; left > 1; left -= 2, top += 2, middle += 2, bottom += 2, output += 2 * step) {
            int32_t first = start;
            int32_t second = start;
            TWO_POSITIONS(top, w0, w1, w2);
            TWO_POSITIONS(middle, w3, w4, w5);
            TWO_POSITIONS(bottom, w6, w7, w8);
            output[0] = safe_rv32_rescale_s8(first, rescale);
            output[step] = safe_rv32_rescale_s8(second, rescale);
        }
    }
    for (; left > 0; left--, top += stride, middle += stride, bottom += stride, output += step) {
        int32_t sum = start + w0 * top[0] + w1 * top[1] + w2 * top[2];
        sum += w3 * middle[0] + w4 * middle[1] + w5 * middle[2];
        sum += w6 * bottom[0] + w7 * bottom[1] + w8 * bottom[2];
        *output = safe_rv32_rescale_s8(sum, rescale);
    }
}

/** One row of outputs of any kernel. */
static void run_row(const safe_depthwise_conv_2d_rv32_params_t *params, const row_t *row,
                    const int8_t *weights, const int8_t *values,
                    const safe_depthwise_rv32_channel_t *channel, int8_t *output)
{
    const safe_rv32_rescale_t rescale =
        safe_rv32_rescale_of(channel->multiplier, channel->shift, row->halves);
    for (int32_t left = row->count; left > 0; left--) {
        const int8_t *weight = weights;
        const int8_t *taps = values;
        int32_t sum = channel->start;
        for (int32_t ky = 0; ky < params->y.kernel; ky++) {
            const int8_t *tap = taps;
            for (int32_t kx = 0; kx < params->x.kernel; kx++) {
                sum += *weight++ * *tap;
                tap += params->x.dilation;
            }
            taps += row->tap_rows;
        }
        *output = safe_rv32_rescale_s8(sum, rescale);
        output += row->output_step;
        values += row->stride;
    }
}

static inline int8_t *fill(int8_t *to, int32_t value, int32_t count)
{
    for (; count > 0; count--) {
        *to++ = (int8_t)value;
    }
    return to;
}

/** Copies one channel with its padding. @param image First value of the
 * channel. */
static SAFE_NOINLINE void copy_plane(const safe_depthwise_conv_2d_rv32_params_t *params,
                                     const int8_t *image, int8_t *to)
{
    const int32_t zero_point = params->input_zero_point;
    const int32_t step = params->channels;
    const int32_t columns = params->plane_columns;
    const int32_t before = params->x.pad < columns ? params->x.pad : columns;
    const int32_t seen = params->x.size < columns - before ? params->x.size : columns - before;
    int32_t y = -params->y.pad;
    for (int32_t row = 0; row < params->plane_rows; row++, y++) {
        if (y < 0 || y >= params->y.size) {
            to = fill(to, zero_point, columns);
            continue;
        }
        const int8_t *from = &image[y * params->x.size * step];
        to = fill(to, zero_point, before);
        for (int32_t left = seen; left > 0; left--, from += step) {
            *to++ = *from;
        }
        to = fill(to, zero_point, columns - before - seen);
    }
}

/** All output positions of one channel of one image, from its plane. */
static void run_channel(const safe_depthwise_conv_2d_rv32_params_t *params, const int8_t *weights,
                        const safe_depthwise_rv32_channel_t *channel, const int8_t *plane,
                        int8_t *output)
{
    const int32_t columns = params->plane_columns;
    const row_t row = {columns * params->y.dilation, params->x.stride, params->x.output,
                       params->channels, 2 * params->output_zero_point + 1};
    const int32_t is_3x3 =
        params->y.kernel == 3 && params->x.kernel == 3 && params->x.dilation == 1;
    for (int32_t y = 0; y < params->y.output; y++) {
        const int8_t *values = &plane[y * params->y.stride * columns];
        if (is_3x3 != 0) {
            run_row_3x3(&row, weights, values, channel, output);
        } else {
            run_row(params, &row, weights, values, channel, output);
        }
        output += params->x.output * params->channels;
    }
}

void safe_kernel_depthwise_conv_2d_s8_rv32(const safe_depthwise_conv_2d_rv32_params_t *params,
                                           const int8_t *input, const int8_t *weights,
                                           const int32_t *channels, void *scratch, int8_t *output)
{
    const safe_depthwise_rv32_channel_t *channel = (const safe_depthwise_rv32_channel_t *)channels;
    const int32_t taps = params->y.kernel * params->x.kernel;
    const int32_t output_size = params->y.output * params->x.output * params->channels;
    int8_t *plane = (int8_t *)scratch;
    int8_t *const first = output;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t c = 0; c < params->channels; c++) {
            copy_plane(params, &input[c], plane);
            run_channel(params, &weights[c * taps], &channel[c], plane, &output[c]);
        }
        input += params->y.size * params->x.size * params->channels;
        output += output_size;
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_rv32_clamp_s8(first, params->batches * output_size, params->output_min,
                           params->output_max);
    }
}
