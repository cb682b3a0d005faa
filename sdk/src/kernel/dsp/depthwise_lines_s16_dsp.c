/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_lines_s16_dsp.c Depthwise convolution of int16 values with small windows,
 * channel by channel: a channel is copied with its padding, once for all of its multiples, and two
 * taps beside each other on a line of that plane are one load and one SMLAD. */
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_lines_s16_dsp.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"

/** Weights of a block: those of taps 0 and 1, of 1 and 2, and of 2 and 3. */
typedef struct block {
    uint32_t first;
    uint32_t middle;
    uint32_t last;
} block_t;

static inline block_t block_of(uint32_t weights)
{
    const uint32_t even = safe_dsp_sxtb16(weights);
    const uint32_t odd = safe_dsp_sxtb16_odd(weights);
    const block_t block = {safe_dsp_pkhbt(even, odd), safe_dsp_pkhtb(even, odd << 16),
                           safe_dsp_pkhtb(odd, even)};
    return block;
}

static inline int16_t finish(int32_t sum, int32_t multiplier)
{
    return (int16_t)safe_dsp_ssat16(safe_dsp_smmulr(sum, multiplier));
}

static inline int32_t add_block(const int16_t *values, block_t weights, int32_t sum)
{
    sum = safe_dsp_smlad(safe_dsp_load(values), weights.first, sum);
    return safe_dsp_smlad(safe_dsp_load(values + 2), weights.last, sum);
}

/** All outputs of one channel with windows of `blocks` blocks `next` elements apart, for which this
 * is inlined. */
static inline void run(const safe_depthwise_lines_s16_dsp_params_t *params, int32_t blocks,
                       int32_t next, const safe_depthwise_lines_s16_channel_t *channel,
                       const int16_t *plane, int16_t *output)
{
    const block_t first = block_of(channel->weights[0]);
    const block_t second = block_of(channel->weights[1]);
    const block_t third = block_of(channel->weights[2]);
    const int32_t start = channel->start;
    const int32_t multiplier = channel->multiplier;
    const int32_t step = params->line_step;
    const int32_t output_step = params->plane.line.output_step;
    for (int32_t lines = params->plane.across.output; lines > 0; lines--) {
        const int16_t *values = plane;
        int16_t *to = output;
        for (int32_t left = params->plane.line.output; left > 0; left--) {
            int32_t sum = add_block(values, first, start);
            if (blocks > 1) {
                sum = add_block(values + next, second, sum);
            }
            if (blocks > 2) {
                sum = add_block(values + 2 * next, third, sum);
            }
            *to = finish(sum, multiplier);
            values += step;
            to += output_step;
        }
        plane += params->across_step;
        output += params->plane.across.output_step;
    }
}

/** The sums of two outputs. */
typedef struct pair {
    int32_t a;
    int32_t b;
} pair_t;

/** Adds up to three taps of a line to two outputs one position apart. */
static inline pair_t add_pair(const int16_t *values, block_t weights, pair_t sums)
{
    const uint32_t low = safe_dsp_load(values);
    const uint32_t high = safe_dsp_load(values + 2);
    sums.a = safe_dsp_smlad(low, weights.first, sums.a);
    sums.b = safe_dsp_smlatb((int32_t)low, (int32_t)weights.first, sums.b);
    sums.a = safe_dsp_smlabt((int32_t)high, (int32_t)weights.middle, sums.a);
    sums.b = safe_dsp_smlad(high, weights.middle, sums.b);
    return sums;
}

/** Two outputs beside each other of one or three lines of up to three taps, one position apart; for
 * each number of lines this is inlined. */
static inline void run_pairs(const safe_depthwise_lines_s16_dsp_params_t *params, int32_t blocks,
                             const safe_depthwise_lines_s16_channel_t *channel,
                             const int16_t *plane, int16_t *output)
{
    const block_t first = block_of(channel->weights[0]);
    const block_t second = block_of(channel->weights[1]);
    const block_t third = block_of(channel->weights[2]);
    const pair_t start = {channel->start, channel->start};
    const int32_t multiplier = channel->multiplier;
    const int32_t next = params->block_step;
    const int32_t step = params->plane.line.output_step;
    for (int32_t lines = params->plane.across.output; lines > 0; lines--) {
        const int16_t *values = plane;
        int16_t *to = output;
        int32_t left = params->plane.line.output;
        for (; left > 0; left -= 2) {
            pair_t sums = add_pair(values, first, start);
            if (blocks > 1) {
                sums = add_pair(values + next, second, sums);
                sums = add_pair(values + 2 * next, third, sums);
            }
            *to = finish(sums.a, multiplier);
            if (left > 1) {
                to[step] = finish(sums.b, multiplier);
            }
            values += 2;
            to += 2 * step;
        }
        plane += params->across_step;
        output += params->plane.across.output_step;
    }
}

static SAFE_NOINLINE void run_one(const safe_depthwise_lines_s16_dsp_params_t *params,
                                  const safe_depthwise_lines_s16_channel_t *channel,
                                  const int16_t *plane, int16_t *output)
{
    if (params->is_paired != 0) {
        run_pairs(params, 1, channel, plane, output);
    } else {
        run(params, 1, 0, channel, plane, output);
    }
}

static SAFE_NOINLINE void run_two(const safe_depthwise_lines_s16_dsp_params_t *params,
                                  const safe_depthwise_lines_s16_channel_t *channel,
                                  const int16_t *plane, int16_t *output)
{
    run(params, 2, 4, channel, plane, output);
}

static SAFE_NOINLINE void run_three(const safe_depthwise_lines_s16_dsp_params_t *params,
                                    const safe_depthwise_lines_s16_channel_t *channel,
                                    const int16_t *plane, int16_t *output)
{
    if (params->is_paired != 0) {
        run_pairs(params, 3, channel, plane, output);
    } else {
        run(params, 3, params->block_step, channel, plane, output);
    }
}

/** Copies what is seen of one channel to the middle of the plane. */
static SAFE_NOINLINE void copy(const safe_depthwise_plane_t *plane, const int16_t *image,
                               int16_t *to)
{
    const int32_t step = plane->line.input_step;
    int16_t *line = &to[plane->across.before * plane->line_bytes + plane->line.before];
    for (int32_t lines = plane->across.seen; lines > 0; lines--) {
        const int16_t *from = image;
        int16_t *next = line;
        int16_t *const end = &next[plane->line.seen];
        /* Two at a time; one that this leaves over comes first. */
        if ((plane->line.seen & 1) != 0) {
            *next++ = *from;
            from += step;
        }
        for (; next != end; next += 2, from += 2 * step) {
            next[0] = from[0];
            next[1] = from[step];
        }
        image += plane->across.input_step;
        line += plane->line_bytes;
    }
}

/** Limits values in place: a fused activation that int16 alone is not. */
static void clamp(int16_t *values, int32_t size, int32_t low, int32_t high)
{
    for (int32_t k = 0; k < size; k++) {
        const int32_t value = values[k] < low ? low : values[k];
        values[k] = (int16_t)(value > high ? high : value);
    }
}

void safe_kernel_depthwise_lines_s16_dsp(const safe_depthwise_lines_s16_dsp_params_t *params,
                                         const int16_t *input, const uint32_t *channels,
                                         void *scratch, int16_t *output)
{
    const safe_depthwise_plane_t *plane = &params->plane;
    const int32_t outputs = params->input_channels * params->channel_multiplier;
    const int32_t size = plane->line.output * plane->across.output * outputs;
    int16_t *const values = scratch;
    (void)memset(values, 0, sizeof *values * (size_t)params->plane_size);
    for (int32_t n = 0; n < params->batches; n++) {
        const safe_depthwise_lines_s16_channel_t *channel =
            (const safe_depthwise_lines_s16_channel_t *)channels;
        int16_t *to = output;
        for (int32_t c = 0; c < params->input_channels; c++) {
            copy(plane, &input[c], values);
            for (int32_t m = 0; m < params->channel_multiplier; m++, channel++, to++) {
                if (params->blocks == 1) {
                    run_one(params, channel, values, to);
                } else if (params->blocks == 2) {
                    run_two(params, channel, values, to);
                } else {
                    run_three(params, channel, values, to);
                }
            }
        }
        if (params->output_min > INT16_MIN || params->output_max < INT16_MAX) {
            clamp(output, size, params->output_min, params->output_max);
        }
        input += params->image_size;
        output += size;
    }
}
