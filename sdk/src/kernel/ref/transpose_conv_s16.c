/* SPDX-License-Identifier: Apache-2.0 */
/** @file transpose_conv_s16.c Reference transposed convolution of int16 values: for each output the
 * inputs that reach it, so that no accumulator is kept in memory. */
#include "safe/kernel/goal.h"

#include "safe/kernel/transpose_conv_s16.h"

#include "safe/kernel/sum_s16.h"

/** @return The input position that reaches `output` through `tap`, or -1 where none does. */
static int32_t reaching(const safe_conv_axis_t *axis, int32_t output, int32_t tap)
{
    const int32_t distance = output + axis->pad - tap;
    if (distance < 0 || distance % axis->stride != 0 || distance / axis->stride >= axis->size) {
        return -1;
    }
    return distance / axis->stride;
}

/** Sums what reaches output (y, x) of one channel, the weights of which begin at `weights`. */
static int64_t output_sum(const safe_transpose_conv_s16_params_t *params, const int16_t *image,
                          const int8_t *weights, int32_t y, int32_t x)
{
    const int32_t depth = params->input_channels;
    int64_t total = 0;
    for (int32_t ty = 0; ty < params->y.kernel; ty++) {
        const int32_t row = reaching(&params->y, y, ty);
        for (int32_t tx = 0; tx < params->x.kernel; tx++) {
            const int32_t column = reaching(&params->x, x, tx);
            if (row >= 0 && column >= 0) {
                total += safe_dot_s16(&image[(row * params->x.size + column) * depth],
                                      &weights[(ty * params->x.kernel + tx) * depth], depth);
            }
        }
    }
    return total;
}

void safe_kernel_transpose_conv_s16(const safe_transpose_conv_s16_params_t *params,
                                    const int16_t *input, const int8_t *weights,
                                    const int64_t *bias, const int32_t *multiplier,
                                    const int8_t *shift, int16_t *output)
{
    const int32_t positions = params->y.output * params->x.output;
    const int32_t image_elements = params->y.size * params->x.size * params->input_channels;
    const int32_t step = params->y.kernel * params->x.kernel * params->input_channels;
    for (int32_t n = 0; n < params->batches * positions; n++) {
        const int32_t y = n % positions / params->x.output;
        const int32_t x = n % params->x.output;
        const int16_t *image = &input[n / positions * image_elements];
        for (int32_t channel = 0; channel < params->output_channels; channel++) {
            const int32_t q = channel * params->requantize_step;
            const int64_t sum =
                bias[channel] + output_sum(params, image, &weights[channel * step], y, x);
            const int32_t scaled = safe_rescale_sum(sum, multiplier[q], shift[q], params->wide);
            *output++ = (int16_t)safe_clamp(scaled, params->output_min, params->output_max);
        }
    }
}
