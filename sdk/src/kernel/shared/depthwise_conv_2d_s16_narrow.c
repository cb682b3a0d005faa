/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_s16_narrow.c Depthwise convolution of int16 values: what each tap of a
 * position sees is found once for all channels, four of which are summed at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_conv_2d_s16_narrow.h"

#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"

enum { LANES = SAFE_DEPTHWISE_S16_LANES };

/** Rescales a sum: one rounding. */
static inline int16_t finish(int32_t sum, uint32_t multiplier)
{
    return (int16_t)safe_dsp_ssat16(safe_dsp_smmulr(sum, (int32_t)multiplier));
}

/** The sums of four channels. */
typedef struct sums {
    int32_t a;
    int32_t b;
    int32_t c;
    int32_t d;
} sums_t;

/** Adds one tap. @param weights One word. */
static inline void add_tap(const int16_t *values, const uint32_t *weights, sums_t *sums)
{
#if SAFE_DSP
    /* A word of values is those of two channels. */
    const int32_t first = (int32_t)safe_dsp_load(values);
    const int32_t second = (int32_t)safe_dsp_load(values + 2);
    const int32_t even = (int32_t)safe_dsp_sxtb16(*weights);
    const int32_t odd = (int32_t)safe_dsp_sxtb16_odd(*weights);
    sums->a = safe_dsp_smlabb(first, even, sums->a);
    sums->b = safe_dsp_smlatb(first, odd, sums->b);
    sums->c = safe_dsp_smlabt(second, even, sums->c);
    sums->d = safe_dsp_smlatt(second, odd, sums->d);
#else
    const int8_t *four = (const int8_t *)weights;
    sums->a += values[0] * four[0];
    sums->b += values[1] * four[1];
    sums->c += values[2] * four[2];
    sums->d += values[3] * four[3];
#endif
}

/** All channels of one position. @param group See the header. @param last First channel of the last
 * group. */
static SAFE_NOINLINE void run_position(const uint32_t *group, const int16_t *const *taps,
                                       int32_t count, int32_t last, int16_t *output)
{
    const int16_t *const *end = &taps[count];
    int32_t channel = 0;
    for (;;) {
        const int16_t *const *tap = taps;
        sums_t sums = {(int32_t)group[0], (int32_t)group[1], (int32_t)group[2], (int32_t)group[3]};
        group += LANES;
        /* The loop takes two taps: an odd one comes first. */
        if ((count & 1) != 0) {
            add_tap(&(*tap++)[channel], group++, &sums);
        }
        for (; tap != end; tap += 2, group += 2) {
            add_tap(&tap[0][channel], &group[0], &sums);
            add_tap(&tap[1][channel], &group[1], &sums);
        }
        output[channel] = finish(sums.a, group[0]);
        output[channel + 1] = finish(sums.b, group[1]);
        output[channel + 2] = finish(sums.c, group[2]);
        output[channel + 3] = finish(sums.d, group[3]);
        if (channel == last) {
            return;
        }
        group += LANES;
        channel = channel + LANES < last ? channel + LANES : last;
    }
}

/** Finds what each tap sees at an output position whose tap 0 lies at (y, x). */
static void find_taps(const safe_depthwise_conv_2d_s16_narrow_params_t *params,
                      const int16_t *image, int32_t y, int32_t x, const int16_t *outside,
                      const int16_t **tap)
{
    const int32_t channels = params->channels;
    const int32_t dilation = params->x.dilation;
    const int32_t end = x + params->x.kernel * dilation;
    for (int32_t rows = params->y.kernel; rows > 0; rows--, y += params->y.dilation) {
        /* As unsigned numbers positions before the first are large, too. */
        const uint32_t size = (uint32_t)y < (uint32_t)params->y.size ? (uint32_t)params->x.size : 0;
        const int16_t *row = size > 0 ? &image[y * params->x.size * channels] : image;
        for (int32_t column = x; column != end; column += dilation) {
            *tap++ = (uint32_t)column < size ? &row[column * channels] : outside;
        }
    }
}

/** Moves what each tap sees by `step` elements. */
static inline void move_taps(const int16_t **tap, int32_t taps, int32_t step)
{
    for (const int16_t **end = &tap[taps]; tap != end; tap++) {
        *tap += step;
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

void safe_kernel_depthwise_conv_2d_s16_narrow(
    const safe_depthwise_conv_2d_s16_narrow_params_t *params, const int16_t *input,
    const uint32_t *weights, void *scratch, int16_t *output)
{
    const int32_t channels = params->channels;
    const int32_t down = (params->y.kernel - 1) * params->y.dilation;
    const int32_t reach = (params->x.kernel - 1) * params->x.dilation;
    const int32_t positions = params->y.output * params->x.output;
    const int32_t taps = params->y.kernel * params->x.kernel;
    const int32_t step = params->x.stride * channels;
    const int16_t **tap = scratch;
    int16_t *outside = (int16_t *)&tap[taps];
    int16_t *const first = output;
    /* A tap outside of the image sees zeros. */
    (void)memset(outside, 0, sizeof *outside * (size_t)channels);
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t row = 0; row < params->y.output; row++) {
            const int32_t y = row * params->y.stride - params->y.pad;
            int32_t x = -params->x.pad;
            int32_t was_inside = 0;
            for (int32_t left = params->x.output; left > 0; left--, x += params->x.stride) {
                const int32_t is_inside =
                    x >= 0 && x + reach < params->x.size && y >= 0 && y + down < params->y.size;
                /* From one position inside of the image to the next every tap moves alike. */
                if (is_inside != 0 && was_inside != 0) {
                    move_taps(tap, taps, step);
                } else {
                    find_taps(params, input, y, x, outside, tap);
                }
                was_inside = is_inside;
                run_position(weights, tap, taps, channels - LANES, output);
                output += channels;
            }
        }
        input += params->y.size * params->x.size * channels;
    }
    if (params->output_min > INT16_MIN || params->output_max < INT16_MAX) {
        clamp(first, params->batches * positions * channels, params->output_min,
              params->output_max);
    }
}
