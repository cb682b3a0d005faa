/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_s16.c Reference depthwise convolution of int16 values. */
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_conv_2d_s16.h"

#include "safe/kernel/sum_s16.h"

/** Sums the taps of one output that lie inside the image; what lies outside is 0. @param image
 * First element of the input channel. @param weights First weight of the output channel. */
static int64_t patch_sum(const safe_depthwise_conv_2d_s16_params_t *params, const int16_t *image,
                         const int8_t *weights, const safe_conv_taps_t *y,
                         const safe_conv_taps_t *x)
{
    const int32_t channels = params->input_channels;
    const int32_t outputs = channels * params->channel_multiplier;
    const int32_t step = params->x.dilation * channels;
    int64_t total = 0;
    for (int32_t ty = y->first; ty < y->end; ty++) {
        const int32_t row = (y->position + ty * params->y.dilation) * params->x.size;
        const int16_t *value = &image[(row + x->position) * channels + x->first * step];
        const int8_t *weight = &weights[(ty * params->x.kernel + x->first) * outputs];
        for (int32_t left = x->end - x->first; left > 0; left--) {
            total += (int32_t)*value * *weight;
            value += step;
            weight += outputs;
        }
    }
    return total;
}

void safe_kernel_depthwise_conv_2d_s16(const safe_depthwise_conv_2d_s16_params_t *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int64_t *bias, const int32_t *multiplier,
                                       const int8_t *shift, int16_t *output)
{
    const int32_t copies = params->channel_multiplier;
    const int32_t positions = params->y.output * params->x.output;
    const int32_t image_elements = params->y.size * params->x.size * params->input_channels;
    for (int32_t n = 0; n < params->batches * positions; n++) {
        const int32_t position = n % positions;
        const safe_conv_taps_t y = safe_conv_axis_taps(&params->y, position / params->x.output);
        const safe_conv_taps_t x = safe_conv_axis_taps(&params->x, position % params->x.output);
        const int16_t *image = &input[n / positions * image_elements];
        for (int32_t channel = 0; channel < params->input_channels * copies; channel++) {
            const int32_t q = channel * params->requantize_step;
            const int64_t sum = bias[channel] + patch_sum(params, &image[channel / copies],
                                                          &weights[channel], &y, &x);
            const int32_t scaled = safe_rescale_sum(sum, multiplier[q], shift[q], params->wide);
            *output++ = (int16_t)safe_clamp(scaled, params->output_min, params->output_max);
        }
    }
}
