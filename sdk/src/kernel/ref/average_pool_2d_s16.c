/* SPDX-License-Identifier: Apache-2.0 */
/** @file average_pool_2d_s16.c Reference int16 average pooling. */
#include "safe/kernel/goal.h"

#include "safe/fixed_point.h"
#include "safe/kernel/pool_2d.h"

void safe_kernel_average_pool_2d_s16(const safe_pool_2d_params_t *params, const int16_t *input,
                                     int16_t *output)
{
    const int32_t channels = params->channels;
    const int32_t row = params->x.size * channels;
    for (int32_t n = 0; n < params->batches * params->y.output; n++) {
        const int16_t *image = &input[n / params->y.output * params->y.size * row];
        const safe_conv_taps_t y = safe_conv_axis_taps(&params->y, n % params->y.output);
        for (int32_t column = 0; column < params->x.output; column++) {
            const safe_conv_taps_t x = safe_conv_axis_taps(&params->x, column);
            const int32_t rows = y.end - y.first;
            const int32_t columns = (x.end - x.first) * channels;
            const int32_t count = rows * (x.end - x.first);
            const int16_t *first =
                &image[(y.position + y.first) * row + (x.position + x.first) * channels];
            for (int32_t c = 0; c < channels; c++) {
                int32_t result = 0;
                const int16_t *line = &first[c];
                for (int32_t left = rows; left > 0; left--, line += row) {
                    for (int32_t at = 0; at < columns; at += channels) {
                        result += line[at];
                    }
                }
                /* C division truncates: half of the divisor first makes it round. */
                result = (result + (result > 0 ? count / 2 : -(count / 2))) / count;
                *output++ = (int16_t)safe_clamp(result, params->output_min, params->output_max);
            }
        }
    }
}
