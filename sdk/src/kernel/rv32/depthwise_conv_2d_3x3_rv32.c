/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_3x3_rv32.c int8 depthwise convolution 3 x 3, channel by channel, with a
 * stride of 1 across the lines: the nine weights stay in registers, and each row of three values is
 * loaded once for the three outputs that see it. */
#define SAFE_GOAL_NO_SMALL
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_conv_2d_3x3_rv32.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/rv32.h"

/** The nine weights of a 3 x 3 kernel as variables. */
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
        SAFE_RV32_WHOLE(values);                                                                   \
        (finished) += w6 * left_value + w7 * middle_value + w8 * right_value;                      \
        (next) += w3 * left_value + w4 * middle_value + w5 * right_value;                          \
        *output = (int8_t)safe_rv32_rescale_s8(finished, rescale);                                 \
        output += step;                                                                            \
        SAFE_RV32_WHOLE(output);                                                                   \
        (finished) = start + w0 * left_value + w1 * middle_value + w2 * right_value;               \
        SAFE_RV32_FENCE();                                                                         \
    } while (0)

/** One column of outputs, one position after the other. */
static SAFE_NOINLINE void run_column_3x3(const safe_depthwise_rv32_params_t *params,
                                         const int8_t *weights, const int8_t *values,
                                         const safe_depthwise_rv32_channel_t *channel,
                                         int8_t *output)
{
    NINE_WEIGHTS(weights);
    const safe_rv32_rescale_t rescale = safe_rv32_rescale_of(channel->multiplier, channel->shift,
                                                             2 * params->output_zero_point + 1);
    const int32_t start = channel->start;
    const int32_t step = params->plane.across.output_step;
    const int32_t tap_rows = params->plane.line_bytes;
    /* Two sums are open at any time, as a row of values belongs to three outputs: the last row of
     * one, the middle row of the next, the first row of the one after, which takes over the
     * variable of the one that is finished. Here the first two rows are entered. */
    int32_t even = start + w0 * values[0] + w1 * values[1] + w2 * values[2];
    int32_t odd = start;
    int32_t left = params->plane.across.output;
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

void safe_kernel_depthwise_conv_2d_3x3_s8_rv32(const safe_depthwise_rv32_params_t *params,
                                               const int8_t *input, const int8_t *weights,
                                               const int32_t *channels, void *scratch,
                                               int8_t *output)
{
    const safe_depthwise_plane_t *plane = &params->plane;
    const int32_t outputs = params->input_channels * params->channel_multiplier;
    const int32_t output_size = plane->line.output * plane->across.output * outputs;
    int8_t *const values = (int8_t *)scratch;
    int8_t *const first = output;
    (void)memset(values, params->input_zero_point, (size_t)params->plane_bytes);
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const safe_depthwise_rv32_channel_t *channel =
            (const safe_depthwise_rv32_channel_t *)channels;
        const int8_t *nine = weights;
        for (int32_t c = 0; c < outputs; c++, channel++, nine += 9) {
            if (c % params->channel_multiplier == 0) {
                safe_depthwise_copy(plane, &input[c / params->channel_multiplier], values);
            }
            const int8_t *column = values;
            int8_t *to = &output[c];
            for (int32_t left = plane->line.output; left > 0; left--) {
                run_column_3x3(params, nine, column, channel, to);
                column += params->line_step;
                to += plane->line.output_step;
            }
        }
        input += params->image_bytes;
        output += output_size;
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_rv32_clamp_s8(first, params->batches * output_size, params->output_min,
                           params->output_max);
    }
}
