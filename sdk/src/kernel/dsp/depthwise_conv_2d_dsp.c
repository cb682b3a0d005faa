/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_dsp.c int8 depthwise convolution: four channels are one word of input
 * and one of weights for each tap. Where a tap looks is found once for each position, and outside
 * the image it sees a row of zero points, so that the inner loop knows nothing of borders. */
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_conv_2d_dsp.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"

/** Channels of a group. */
#define LANES 4

/** Adds one tap: four channels of input times their weights. */
static inline void add_tap(uint32_t input, uint32_t weights, int32_t sum[LANES])
{
    const int32_t x_even = (int32_t)safe_dsp_sxtb16(input);
    const int32_t x_odd = (int32_t)safe_dsp_sxtb16_odd(input);
    const int32_t w_even = (int32_t)safe_dsp_sxtb16(weights);
    const int32_t w_odd = (int32_t)safe_dsp_sxtb16_odd(weights);
    /* Channels 0 and 2 are the halves of the even words, 1 and 3 those of the odd ones. Each
     * product stays apart: there is no sum over channels, so no SMLAD. */
    sum[0] = safe_dsp_smlabb(x_even, w_even, sum[0]);
    sum[1] = safe_dsp_smlabb(x_odd, w_odd, sum[1]);
    sum[2] = safe_dsp_smlatt(x_even, w_even, sum[2]);
    sum[3] = safe_dsp_smlatt(x_odd, w_odd, sum[3]);
}

/** Adds two taps; the fences keep the second from mixing with what comes before and after. */
static inline void add_two(const int8_t *const *tap, const uint32_t *weights, int32_t channel,
                           int32_t sum[LANES])
{
    uint32_t first;
    uint32_t second;
    SAFE_DSP_LOAD_PAIR(first, second, weights);
    add_tap(safe_dsp_load(&tap[0][channel]), first, sum);
    SAFE_DSP_FENCE();
    add_tap(safe_dsp_load(&tap[1][channel]), second, sum);
    SAFE_DSP_FENCE();
}

/** Rescales two sums. @param words Two safe_dsp_rescale_t. */
static inline void finish(int32_t first, int32_t second, const uint32_t *words, int8_t *output)
{
    uint32_t w[2 * SAFE_DSP_RESCALE_WORDS];
    SAFE_DSP_LOAD_PAIR(w[0], w[1], words);
    SAFE_DSP_LOAD_PAIR(w[2], w[3], words + 2);
    SAFE_DSP_LOAD_PAIR(w[4], w[5], words + 4);
    output[0] = safe_dsp_rescale_s8(2 * first, (int32_t)w[0], (int32_t)w[1], (int32_t)w[2]);
    output[1] = safe_dsp_rescale_s8(2 * second, (int32_t)w[3], (int32_t)w[4], (int32_t)w[5]);
}

/** Computes all channels of one position. @param tap What each tap sees at channel 0. */
static SAFE_NOINLINE void compute(const int8_t *const *tap, int32_t taps, const uint32_t *weights,
                                  int32_t last, int8_t *output)
{
    int32_t channel = 0;
    for (;;) {
        /* The stream of `weights` is read once, group by group: four start values, a word for each
         * tap, four rescalings. */
        const int8_t *const *next = tap;
        int32_t sum[LANES] = {(int32_t)weights[0], (int32_t)weights[1], (int32_t)weights[2],
                              (int32_t)weights[3]};
        weights += LANES;
        /* Four taps at a time, then the rest one by one. */
        const uint32_t *end = &weights[taps & ~3];
        for (; weights != end; weights += 4, next += 4) {
            add_two(next, weights, channel, sum);
            add_two(next + 2, weights + 2, channel, sum);
        }
        for (end += taps & 3; weights != end; weights++, next++) {
            add_tap(safe_dsp_load(&(*next)[channel]), *weights, sum);
        }
        finish(sum[0], sum[1], weights, &output[channel]);
        finish(sum[2], sum[3], &weights[2 * SAFE_DSP_RESCALE_WORDS], &output[channel + 2]);
        if (channel == last) {
            return;
        }
        /* Channels that are no multiple of four: the last group begins before the end of the one
         * before it, and computes some channels a second time, to the same bytes. */
        weights += LANES * SAFE_DSP_RESCALE_WORDS;
        channel = channel + LANES < last ? channel + LANES : last;
    }
}

/** Finds what each tap sees at an output position whose tap 0 lies at (y, x). */
static void find_taps(const safe_depthwise_conv_2d_dsp_params_t *params, const int8_t *image,
                      int32_t y, int32_t x, const int8_t *outside, const int8_t **tap)
{
    const int32_t channels = params->channels;
    const int32_t dilation = params->x.dilation;
    const int32_t end = x + params->x.kernel * dilation;
    for (int32_t rows = params->y.kernel; rows > 0; rows--, y += params->y.dilation) {
        /* As unsigned numbers positions before the first are large, too. */
        const uint32_t size = (uint32_t)y < (uint32_t)params->y.size ? (uint32_t)params->x.size : 0;
        const int8_t *row = size > 0 ? &image[y * params->x.size * channels] : image;
        for (int32_t column = x; column != end; column += dilation) {
            *tap++ = (uint32_t)column < size ? &row[column * channels] : outside;
        }
    }
}

void safe_kernel_depthwise_conv_2d_s8_dsp(const safe_depthwise_conv_2d_dsp_params_t *params,
                                          const int8_t *input, const uint32_t *weights,
                                          void *scratch, int8_t *output)
{
    const int32_t channels = params->channels;
    const int32_t taps = params->y.kernel * params->x.kernel;
    const int32_t is_clamped = params->output_min > INT8_MIN || params->output_max < INT8_MAX;
    const int8_t **tap = scratch;
    int8_t *outside = (int8_t *)(tap + taps);
    (void)memset(outside, params->input_zero_point, (size_t)channels);
    /* A tap outside the image sees this row: its products are those of the zero point, which the
     * start value takes off again. */
    for (int32_t n = 0; n < params->batches; n++) {
        for (int32_t row = 0; row < params->y.output; row++) {
            const int32_t y = row * params->y.stride - params->y.pad;
            for (int32_t column = 0; column < params->x.output; column++) {
                const int32_t x = column * params->x.stride - params->x.pad;
                find_taps(params, input, y, x, outside, tap);
                compute(tap, taps, weights, channels - LANES, output);
                if (is_clamped) {
                    safe_dsp_clamp_s8(output, channels, params->output_min, params->output_max);
                }
                output += channels;
            }
        }
        input += params->y.size * params->x.size * channels;
    }
}
