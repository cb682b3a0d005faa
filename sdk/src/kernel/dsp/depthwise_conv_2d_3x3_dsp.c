/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_3x3_dsp.c int8 depthwise convolution 3 x 3, channel by channel: a
 * channel is copied with its padding to a plane, so that no tap asks whether it is inside. Four
 * values of a line are one load, and two outputs beside each other see them: (x0, x2) and (x1, x3)
 * are the outer taps of the first and of the second, x1 and x2 their middle ones. The weights are
 * doubled, because the rescaling takes doubled sums. */
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_conv_2d_3x3_dsp.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"

/** Outputs beside each other on a line. */
#define PAIR 2

/** Doubled weights of one channel, and its rescaling. */
typedef struct channel {
    uint32_t outer[3];  /**< First and last weight of each line. */
    uint32_t middle_01; /**< Middle weights of the first two lines. */
    uint32_t middle_2;
    int32_t start;
    int32_t multiplier;
    int32_t addend;
    int32_t shift;
} channel_t;

static channel_t channel_of(const safe_depthwise_3x3_channel_t *packed, int32_t zero_point)
{
    const uint32_t first = packed->first;
    const uint32_t second = packed->second;
    const uint32_t third = packed->third;
    const int32_t shift = (int32_t)(third >> 8);
    /* Nine weights lie in nine bytes. A weight in both halves of a sum is added to itself, which
     * doubles it: SXTAB16 of a word with its own sign-extended bytes. */
    const uint32_t outer_0 = safe_dsp_sxtb16(first);
    const uint32_t outer_1 = safe_dsp_sxtb16_odd(first);
    const channel_t channel = {
        {safe_dsp_sxtab16(outer_0, first), safe_dsp_sxtab16_odd(outer_1, first),
         safe_dsp_sxtab16(safe_dsp_sxtb16(second), second)},
        safe_dsp_sxtab16_odd(safe_dsp_sxtb16_odd(second), second),
        (uint32_t)(2 * (int32_t)(int8_t)(third & 0xFFu)),
        packed->doubled_start,
        packed->multiplier,
        (2 * zero_point + 1) * ((int32_t)1 << (shift - 1)),
        shift,
    };
    return channel;
}

/** Adds a line of four values to the sums of two outputs; `first_middle` and `second_middle` pick
 * the halves of the values and of `middle`. */
#define ADD_LINE(from, outer, first_middle, second_middle, middle)                                 \
    do {                                                                                           \
        const uint32_t four = safe_dsp_load(from);                                                 \
        const uint32_t even = safe_dsp_sxtb16(four);                                               \
        const uint32_t odd = safe_dsp_sxtb16_odd(four);                                            \
        first = safe_dsp_smlad(even, outer, first);                                                \
        first = safe_dsp_##first_middle((int32_t)odd, (int32_t)(middle), first);                   \
        second = safe_dsp_smlad(odd, outer, second);                                               \
        second = safe_dsp_##second_middle((int32_t)even, (int32_t)(middle), second);               \
        SAFE_DSP_FENCE();                                                                          \
    } while (0)

/** Computes all outputs of one channel, line by line; an odd last one of a line again with the one
 * before it. @param values The plane. @param output First value of the channel. */
static SAFE_NOINLINE void run_lines(const safe_depthwise_3x3_dsp_params_t *params,
                                    const channel_t *channel, const int8_t *values, int8_t *output)
{
    const uint32_t outer_0 = channel->outer[0];
    const uint32_t outer_1 = channel->outer[1];
    const uint32_t outer_2 = channel->outer[2];
    const uint32_t middle_01 = channel->middle_01;
    const uint32_t middle_2 = channel->middle_2;
    const int32_t shift = channel->shift;
    const int32_t step = params->plane.line.output_step;
    const int32_t line_bytes = params->plane.line_bytes;
    const int32_t next_line = params->line_stride * line_bytes - params->plane.line.output;
    const int32_t next_output = params->plane.across.output_step - params->plane.line.output * step;
    for (int32_t lines = params->plane.across.output; lines > 0; lines--) {
        const int8_t *const last = &values[params->plane.line.output - PAIR];
        for (;;) {
            do {
                int32_t first = channel->start;
                int32_t second = first;
                ADD_LINE(values, outer_0, smlabb, smlatb, middle_01);
                ADD_LINE(values + line_bytes, outer_1, smlabt, smlatt, middle_01);
                ADD_LINE(values + 2 * line_bytes, outer_2, smlabb, smlatb, middle_2);
                const int32_t multiplier = channel->multiplier;
                const int32_t addend = channel->addend;
                output[0] = safe_dsp_rescale_s8(first, multiplier, addend, shift);
                output[step] = safe_dsp_rescale_s8(second, multiplier, addend, shift);
                SAFE_DSP_FENCE();
                values += PAIR;
                output += PAIR * step;
            } while (values <= last);
            /* An odd output is left: one step back, and the last pair again. The value that is
             * computed twice is the same. */
            if (values != last + 1) {
                break;
            }
            values--;
            output -= step;
        }
        values += next_line;
        output += next_output;
    }
}

void safe_kernel_depthwise_conv_2d_3x3_s8_dsp(const safe_depthwise_3x3_dsp_params_t *params,
                                              const int8_t *input, const uint32_t *channels,
                                              void *scratch, int8_t *output)
{
    const int32_t output_bytes =
        params->plane.line.output * params->plane.across.output * params->channels;
    int8_t *const plane = scratch;
    (void)memset(plane, params->input_zero_point,
                 (size_t)(params->lines * params->plane.line_bytes));
    for (int32_t n = 0; n < params->batches; n++) {
        const safe_depthwise_3x3_channel_t *packed = (const safe_depthwise_3x3_channel_t *)channels;
        for (int32_t c = 0; c < params->channels; c++) {
            const channel_t channel = channel_of(packed++, params->output_zero_point);
            safe_depthwise_copy(&params->plane, &input[c], plane);
            run_lines(params, &channel, plane, &output[c]);
        }
        if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
            safe_dsp_clamp_s8(output, output_bytes, params->output_min, params->output_max);
        }
        input += params->image_bytes;
        output += output_bytes;
    }
}
