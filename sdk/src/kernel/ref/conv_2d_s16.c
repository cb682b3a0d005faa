/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_s16.c Reference convolution of int16 values. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_2d_s16.h"

#include "safe/kernel/sum_s16.h"

/** Sums one row of taps. @param row Input row. @param x Input position of tap 0. */
static int64_t row_sum(const safe_conv_2d_s16_params_t *params, const int16_t *row,
                       const int8_t *weights, int32_t x)
{
    const int32_t channels = params->input_channels;
    int64_t total = 0;
    for (int32_t tap = 0; tap < params->x.kernel; tap++) {
        const int32_t position = x + tap * params->x.dilation;
        /* What lies outside the image is 0. */
        if (position >= 0 && position < params->x.size) {
            total += safe_dot_s16(&row[position * channels], &weights[tap * channels], channels);
        }
    }
    return total;
}

/** Sums all taps of one output position for one channel. */
static int64_t patch_sum(const safe_conv_2d_s16_params_t *params, const int16_t *image,
                         const int8_t *weights, int32_t y, int32_t x)
{
    const int32_t row_elements = params->x.size * params->input_channels;
    const int32_t tap_elements = params->x.kernel * params->input_channels;
    int64_t total = 0;
    for (int32_t tap = 0; tap < params->y.kernel; tap++) {
        const int32_t position = y + tap * params->y.dilation;
        if (position >= 0 && position < params->y.size) {
            total +=
                row_sum(params, &image[position * row_elements], &weights[tap * tap_elements], x);
        }
    }
    return total;
}

void safe_kernel_conv_2d_s16(const safe_conv_2d_s16_params_t *params, const int16_t *input,
                             const int8_t *weights, const int64_t *bias, const int32_t *multiplier,
                             const int8_t *shift, int16_t *output)
{
    const int32_t step = params->y.kernel * params->x.kernel * params->input_channels;
    const int32_t positions = params->y.output * params->x.output;
    const int32_t image_elements = params->y.size * params->x.size * params->input_channels;
    for (int32_t n = 0; n < params->batches * positions; n++) {
        const int32_t position = n % positions;
        const int32_t y = position / params->x.output * params->y.stride - params->y.pad;
        const int32_t x = position % params->x.output * params->x.stride - params->x.pad;
        const int16_t *image = &input[n / positions * image_elements];
        for (int32_t channel = 0; channel < params->output_channels; channel++) {
            const int32_t q = channel * params->requantize_step;
            const int64_t sum =
                bias[channel] + patch_sum(params, image, &weights[channel * step], y, x);
            const int32_t scaled = safe_rescale_sum(sum, multiplier[q], shift[q], params->wide);
            *output++ = (int16_t)safe_clamp(scaled, params->output_min, params->output_max);
        }
    }
}
