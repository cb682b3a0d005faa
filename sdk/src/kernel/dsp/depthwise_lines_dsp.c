/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_lines_dsp.c int8 depthwise convolution of small windows, channel by channel: a
 * channel is copied with its padding, once for all of its multiples, and four taps beside each
 * other on a line of that plane are one load, two SXTB16 and two SMLAD. The weights are doubled,
 * because the rescaling takes doubled sums. */
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_lines_dsp.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"

/** Doubled weights of a block: those of taps 0 and 2, and of taps 1 and 3. */
typedef struct block {
    uint32_t even;
    uint32_t odd;
} block_t;

/** A weight in both halves of a sum is added to itself, which doubles it. */
static inline block_t block_of(uint32_t weights)
{
    const uint32_t even = safe_dsp_sxtb16(weights);
    const uint32_t odd = safe_dsp_sxtb16_odd(weights);
    const block_t block = {safe_dsp_sxtab16(even, weights), safe_dsp_sxtab16_odd(odd, weights)};
    return block;
}

static inline int32_t add_block(const int8_t *values, block_t weights, int32_t sum)
{
    const uint32_t four = safe_dsp_load(values);
    sum = safe_dsp_smlad(safe_dsp_sxtb16(four), weights.even, sum);
    return safe_dsp_smlad(safe_dsp_sxtb16_odd(four), weights.odd, sum);
}

/** All outputs of one channel with windows of `blocks` blocks `next` bytes apart, for which this is
 * inlined. */
static inline void run(const safe_depthwise_lines_dsp_params_t *params, int32_t blocks,
                       int32_t next, const safe_depthwise_lines_channel_t *channel,
                       const int8_t *plane, int8_t *output)
{
    const block_t first = block_of(channel->weights[0]);
    const block_t second = block_of(channel->weights[1]);
    const block_t third = block_of(channel->weights[2]);
    const int32_t start = channel->doubled_start;
    const int32_t multiplier = channel->multiplier;
    const int32_t shift = channel->shift;
    const int32_t addend = (2 * params->output_zero_point + 1) * ((int32_t)1 << (shift - 1));
    const int32_t step = params->line_step;
    const int32_t output_step = params->plane.line.output_step;
    for (int32_t lines = params->plane.across.output; lines > 0; lines--) {
        const int8_t *values = plane;
        int8_t *to = output;
        for (int32_t left = params->plane.line.output; left > 0; left--) {
            int32_t sum = add_block(values, first, start);
            if (blocks > 1) {
                sum = add_block(values + next, second, sum);
            }
            if (blocks > 2) {
                sum = add_block(values + 2 * next, third, sum);
            }
            *to = safe_dsp_rescale_s8(sum, multiplier, addend, shift);
            values += step;
            to += output_step;
        }
        plane += params->across_step;
        output += params->plane.across.output_step;
    }
}

/** Two outputs beside each other of windows of up to three taps on a line, one position apart: (x0,
 * x2) and (x1, x3) are the outer taps of the first and of the second, x1 and x2 their middle ones.
 */
static SAFE_NOINLINE void run_pairs(const safe_depthwise_lines_dsp_params_t *params,
                                    const safe_depthwise_lines_channel_t *channel,
                                    const int8_t *plane, int8_t *output)
{
    const block_t weights = block_of(channel->weights[0]);
    const int32_t start = channel->doubled_start;
    const int32_t multiplier = channel->multiplier;
    const int32_t shift = channel->shift;
    const int32_t addend = (2 * params->output_zero_point + 1) * ((int32_t)1 << (shift - 1));
    const int32_t step = params->plane.line.output_step;
    for (int32_t lines = params->plane.across.output; lines > 0; lines--) {
        const int8_t *values = plane;
        int8_t *to = output;
        int32_t left = params->plane.line.output;
        for (; left > 1; left -= 2) {
            const uint32_t four = safe_dsp_load(values);
            const uint32_t even = safe_dsp_sxtb16(four);
            const uint32_t odd = safe_dsp_sxtb16_odd(four);
            int32_t first = safe_dsp_smlad(even, weights.even, start);
            int32_t second = safe_dsp_smlad(odd, weights.even, start);
            first = safe_dsp_smlabb((int32_t)odd, (int32_t)weights.odd, first);
            second = safe_dsp_smlatb((int32_t)even, (int32_t)weights.odd, second);
            to[0] = safe_dsp_rescale_s8(first, multiplier, addend, shift);
            to[step] = safe_dsp_rescale_s8(second, multiplier, addend, shift);
            values += 2;
            to += 2 * step;
        }
        if (left > 0) {
            const int32_t last = add_block(values, weights, start);
            *to = safe_dsp_rescale_s8(last, multiplier, addend, shift);
        }
        plane += params->across_step;
        output += params->plane.across.output_step;
    }
}

/** Two outputs beside each other of windows of five taps on a line, two positions apart:
 * (x0, x2) and (x1, x3) are the first taps of the first output, and their upper halves those of the
 * second; x4 is the last tap of the one and the middle one of the other. */
static SAFE_NOINLINE void run_strided_pairs(const safe_depthwise_lines_dsp_params_t *params,
                                            const safe_depthwise_lines_channel_t *channel,
                                            const int8_t *plane, int8_t *output)
{
    const block_t weights = block_of(channel->weights[0]);
    const block_t fifth = block_of(channel->weights[1]);
    const uint32_t outer = safe_dsp_pkhbt(weights.even >> 16, fifth.even); /* those of taps 2, 4 */
    const int32_t start = channel->doubled_start;
    const int32_t multiplier = channel->multiplier;
    const int32_t shift = channel->shift;
    const int32_t addend = (2 * params->output_zero_point + 1) * ((int32_t)1 << (shift - 1));
    const int32_t step = params->plane.line.output_step;
    for (int32_t lines = params->plane.across.output; lines > 0; lines--) {
        const int8_t *values = plane;
        int8_t *to = output;
        int8_t *const end = &to[(params->plane.line.output & ~1) * step];
        while (to != end) {
            const uint32_t four = safe_dsp_load(values);
            const uint32_t even = safe_dsp_sxtb16(four);
            const uint32_t odd = safe_dsp_sxtb16_odd(four);
            int32_t first = safe_dsp_smlad(even, weights.even, start);
            int32_t second = safe_dsp_smlatb((int32_t)even, (int32_t)weights.even, start);
            first = safe_dsp_smlad(odd, weights.odd, first);
            second = safe_dsp_smlatb((int32_t)odd, (int32_t)weights.odd, second);
            SAFE_DSP_FENCE(); /* the values above are not needed any more */
            const uint32_t next = safe_dsp_sxtb16(safe_dsp_load(values + 4));
            first = safe_dsp_smlabt((int32_t)next, (int32_t)outer, first);
            second = safe_dsp_smlad(next, outer, second);
            second = safe_dsp_smlabt(values[5], (int32_t)weights.odd, second);
            to[0] = safe_dsp_rescale_s8(first, multiplier, addend, shift);
            to[step] = safe_dsp_rescale_s8(second, multiplier, addend, shift);
            values += 4;
            to += 2 * step;
        }
        if ((params->plane.line.output & 1) != 0) {
            int32_t last = add_block(values, weights, start);
            last = safe_dsp_smlabb(values[4], (int32_t)fifth.even, last);
            *to = safe_dsp_rescale_s8(last, multiplier, addend, shift);
        }
        plane += params->across_step;
        output += params->plane.across.output_step;
    }
}

static SAFE_NOINLINE void run_one(const safe_depthwise_lines_dsp_params_t *params,
                                  const safe_depthwise_lines_channel_t *channel,
                                  const int8_t *plane, int8_t *output)
{
    run(params, 1, 0, channel, plane, output);
}

static SAFE_NOINLINE void run_two(const safe_depthwise_lines_dsp_params_t *params,
                                  const safe_depthwise_lines_channel_t *channel,
                                  const int8_t *plane, int8_t *output)
{
    run(params, 2, 4, channel, plane, output);
}

static SAFE_NOINLINE void run_three(const safe_depthwise_lines_dsp_params_t *params,
                                    const safe_depthwise_lines_channel_t *channel,
                                    const int8_t *plane, int8_t *output)
{
    run(params, 3, params->block_step, channel, plane, output);
}

void safe_kernel_depthwise_lines_s8_dsp(const safe_depthwise_lines_dsp_params_t *params,
                                        const int8_t *input, const uint32_t *channels,
                                        void *scratch, int8_t *output)
{
    const safe_depthwise_plane_t *plane = &params->plane;
    const int32_t outputs = params->input_channels * params->channel_multiplier;
    const int32_t output_bytes = plane->line.output * plane->across.output * outputs;
    int8_t *const values = scratch;
    (void)memset(values, params->input_zero_point, (size_t)params->plane_bytes);
    for (int32_t n = 0; n < params->batches; n++) {
        const safe_depthwise_lines_channel_t *channel =
            (const safe_depthwise_lines_channel_t *)channels;
        int8_t *to = output;
        for (int32_t c = 0; c < params->input_channels; c++) {
            safe_depthwise_copy(plane, &input[c], values);
            for (int32_t m = 0; m < params->channel_multiplier; m++, channel++, to++) {
                if (params->pairs_apart == 1) {
                    run_pairs(params, channel, values, to);
                } else if (params->pairs_apart == 2) {
                    run_strided_pairs(params, channel, values, to);
                } else if (params->blocks == 1) {
                    run_one(params, channel, values, to);
                } else if (params->blocks == 2) {
                    run_two(params, channel, values, to);
                } else {
                    run_three(params, channel, values, to);
                }
            }
        }
        if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
            safe_dsp_clamp_s8(output, output_bytes, params->output_min, params->output_max);
        }
        input += params->image_bytes;
        output += output_bytes;
    }
}
