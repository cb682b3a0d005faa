/* SPDX-License-Identifier: Apache-2.0 */
/** @file average_pool_2d.c Reference int8 average pooling: four channels at a time. */
#include "safe/kernel/goal.h"

#include "safe/fixed_point.h"
#include "safe/kernel/pool_2d.h"

/** Channels that are reduced together. */
#define LANES 4

/** Sum over `rows` x `columns` taps from `input` on, for LANES channels. */
static void sum_lanes(const int8_t *input, int32_t channels, int32_t row_bytes, int32_t rows,
                      int32_t columns, int32_t result[LANES])
{
    int32_t s0 = 0;
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t s3 = 0;
    for (int32_t y = 0; y < rows; y++) {
        const int8_t *tap = input;
        for (int32_t x = 0; x < columns; x++) {
            s0 += tap[0];
            s1 += tap[1];
            s2 += tap[2];
            s3 += tap[3];
            tap += channels;
        }
        input += row_bytes;
    }
    result[0] = s0;
    result[1] = s1;
    result[2] = s2;
    result[3] = s3;
}

/** The same for one channel. */
static void sum_one(const int8_t *input, int32_t channels, int32_t row_bytes, int32_t rows,
                    int32_t columns, int32_t *result)
{
    int32_t total = 0;
    for (int32_t y = 0; y < rows; y++) {
        const int8_t *tap = input;
        for (int32_t x = 0; x < columns; x++) {
            total += *tap;
            tap += channels;
        }
        input += row_bytes;
    }
    *result = total;
}

void safe_kernel_average_pool_2d_s8(const safe_pool_2d_params_t *params, const int8_t *input,
                                    int8_t *output)
{
    const int32_t channels = params->channels;
    const int32_t row_bytes = params->x.size * channels;
    for (int32_t n = 0; n < params->batches * params->y.output; n++) {
        const int8_t *image = &input[n / params->y.output * params->y.size * row_bytes];
        const safe_conv_taps_t y = safe_conv_axis_taps(&params->y, n % params->y.output);
        for (int32_t column = 0; column < params->x.output; column++) {
            const safe_conv_taps_t x = safe_conv_axis_taps(&params->x, column);
            const int32_t rows = y.end - y.first;
            const int32_t columns = x.end - x.first;
            const int32_t count = rows * columns;
            const int8_t *first =
                &image[(y.position + y.first) * row_bytes + (x.position + x.first) * channels];
            int32_t lanes = 0;
            for (int32_t c = 0; c < channels; c += lanes) {
                int32_t sum[LANES];
                if (channels - c >= LANES) {
                    lanes = LANES;
                    sum_lanes(&first[c], channels, row_bytes, rows, columns, sum);
                } else {
                    lanes = 1;
                    sum_one(&first[c], channels, row_bytes, rows, columns, sum);
                }
                for (int32_t r = 0; r < lanes; r++) {
                    /* C division truncates: half of the divisor first makes it round. */
                    const int32_t half = sum[r] > 0 ? count / 2 : -(count / 2);
                    *output++ = (int8_t)safe_clamp((sum[r] + half) / count, params->output_min,
                                                   params->output_max);
                }
            }
        }
    }
}
