/* SPDX-License-Identifier: Apache-2.0 */
/** @file transpose_conv.c Reference int8 transposed convolution: for each output the inputs that
 * reach it, so that no accumulator is kept in memory; four output channels at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/transpose_conv.h"

#include "safe/fixed_point.h"

/** Output channels that are summed together. */
#define LANES 4

/** The taps that reach one output position along one axis: `tap`, tap + stride, … */
typedef struct transpose_taps {
    int32_t tap;   /**< First tap. */
    int32_t input; /**< Input position of the first tap; each further tap is one before. */
    int32_t count;
} transpose_taps_t;

/** Finds the taps for output position `output`. */
static transpose_taps_t find_taps(const safe_conv_axis_t *axis, int32_t output)
{
    const int32_t reach = output + axis->pad;
    transpose_taps_t taps = {reach % axis->stride, reach / axis->stride, 0};
    if (taps.input >= axis->size) {
        taps.tap += (taps.input - axis->size + 1) * axis->stride;
        taps.input = axis->size - 1;
    }
    while (taps.tap + taps.count * axis->stride < axis->kernel && taps.count <= taps.input) {
        taps.count++;
    }
    return taps;
}

/** Adds one input position for LANES output channels whose weights lie `row_step` apart. */
static void add_lanes(const int8_t *input, int32_t zero_point, const int8_t *weights,
                      int32_t row_step, int32_t channels, int32_t sum[LANES])
{
    const int8_t *w0 = weights;
    const int8_t *w1 = w0 + row_step;
    const int8_t *w2 = w1 + row_step;
    const int8_t *w3 = w2 + row_step;
    int32_t s0 = sum[0];
    int32_t s1 = sum[1];
    int32_t s2 = sum[2];
    int32_t s3 = sum[3];
    for (int32_t k = 0; k < channels; k++) {
        const int32_t value = input[k] - zero_point;
        s0 += value * w0[k];
        s1 += value * w1[k];
        s2 += value * w2[k];
        s3 += value * w3[k];
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
}

/** The same for one output channel. */
static void add_one(const int8_t *input, int32_t zero_point, const int8_t *weights,
                    int32_t channels, int32_t *sum)
{
    int32_t total = *sum;
    for (int32_t k = 0; k < channels; k++) {
        total += (input[k] - zero_point) * weights[k];
    }
    *sum = total;
}

/** Adds everything that reaches one output position, for `lanes` channels. @param weights Weights
 * of the first of them. */
static void add_patch(const safe_transpose_conv_params_t *params, const transpose_taps_t *y,
                      const transpose_taps_t *x, const int8_t *image, const int8_t *weights,
                      int32_t lanes, int32_t sum[LANES])
{
    const int32_t channels = params->input_channels;
    const int32_t row_step = params->y.kernel * params->x.kernel * channels;
    for (int32_t a = 0; a < y->count; a++) {
        const int32_t tap_row = (y->tap + a * params->y.stride) * params->x.kernel;
        const int32_t input_row = (y->input - a) * params->x.size;
        for (int32_t b = 0; b < x->count; b++) {
            const int8_t *input = &image[(input_row + x->input - b) * channels];
            const int8_t *w = &weights[(tap_row + x->tap + b * params->x.stride) * channels];
            if (lanes == LANES) {
                add_lanes(input, params->input_zero_point, w, row_step, channels, sum);
            } else {
                add_one(input, params->input_zero_point, w, channels, sum);
            }
        }
    }
}

void safe_kernel_transpose_conv_s8(const safe_transpose_conv_params_t *params, const int8_t *input,
                                   const int8_t *weights, const int32_t *bias,
                                   const int32_t *multiplier, const int8_t *shift, void *scratch,
                                   int8_t *output)
{
    const int32_t channels = params->output_channels;
    const int32_t row_step = params->y.kernel * params->x.kernel * params->input_channels;
    const int32_t image_bytes = params->y.size * params->x.size * params->input_channels;
    const int32_t positions = params->y.output * params->x.output;
    (void)scratch;
    for (int32_t n = 0; n < params->batches * positions; n++) {
        const int8_t *image = &input[n / positions * image_bytes];
        const transpose_taps_t y = find_taps(&params->y, n % positions / params->x.output);
        const transpose_taps_t x = find_taps(&params->x, n % params->x.output);
        int32_t channel = 0;
        while (channel < channels) {
            const int32_t lanes = channels - channel < LANES ? 1 : LANES;
            int32_t sum[LANES] = {0};
            for (int32_t r = 0; r < lanes; r++) {
                sum[r] = bias[channel + r];
            }
            add_patch(params, &y, &x, image, &weights[channel * row_step], lanes, sum);
            for (int32_t r = 0; r < lanes; r++, channel++) {
                const int32_t q = channel * params->requantize_step;
                const int32_t scaled = safe_requantize(sum[r], multiplier[q], shift[q]);
                *output++ = (int8_t)safe_clamp(scaled + params->output_zero_point,
                                               params->output_min, params->output_max);
            }
        }
    }
}
