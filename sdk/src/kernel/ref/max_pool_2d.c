/* SPDX-License-Identifier: Apache-2.0 */
/** @file max_pool_2d.c Reference int8 maximum pooling: four channels at a time. */
#include "safe/kernel/goal.h"

#include "safe/fixed_point.h"
#include "safe/kernel/pool_2d.h"

/** Channels that are reduced together. */
#define LANES 4

/** Maximum over `rows` x `columns` taps from `input` on, for LANES channels. */
static void max_lanes(const int8_t *input, int32_t channels, int32_t row_bytes, int32_t rows,
                      int32_t columns, int32_t result[LANES])
{
    int32_t m0 = INT8_MIN;
    int32_t m1 = INT8_MIN;
    int32_t m2 = INT8_MIN;
    int32_t m3 = INT8_MIN;
    for (int32_t y = 0; y < rows; y++) {
        const int8_t *tap = input;
        for (int32_t x = 0; x < columns; x++) {
            m0 = tap[0] > m0 ? tap[0] : m0;
            m1 = tap[1] > m1 ? tap[1] : m1;
            m2 = tap[2] > m2 ? tap[2] : m2;
            m3 = tap[3] > m3 ? tap[3] : m3;
            tap += channels;
        }
        input += row_bytes;
    }
    result[0] = m0;
    result[1] = m1;
    result[2] = m2;
    result[3] = m3;
}

/** The same for one channel. */
static void max_one(const int8_t *input, int32_t channels, int32_t row_bytes, int32_t rows,
                    int32_t columns, int32_t *result)
{
    int32_t most = INT8_MIN;
    for (int32_t y = 0; y < rows; y++) {
        const int8_t *tap = input;
        for (int32_t x = 0; x < columns; x++) {
            most = *tap > most ? *tap : most;
            tap += channels;
        }
        input += row_bytes;
    }
    *result = most;
}

void safe_kernel_max_pool_2d_s8(const safe_pool_2d_params_t *params, const int8_t *input,
                                int8_t *output)
{
    const int32_t channels = params->channels;
    const int32_t row_bytes = params->x.size * channels;
    for (int32_t n = 0; n < params->batches * params->y.output; n++) {
        const int8_t *image = &input[n / params->y.output * params->y.size * row_bytes];
        const safe_conv_taps_t y = safe_conv_axis_taps(&params->y, n % params->y.output);
        for (int32_t column = 0; column < params->x.output; column++) {
            const safe_conv_taps_t x = safe_conv_axis_taps(&params->x, column);
            const int8_t *first =
                &image[(y.position + y.first) * row_bytes + (x.position + x.first) * channels];
            int32_t lanes = 0;
            for (int32_t c = 0; c < channels; c += lanes) {
                int32_t most[LANES];
                if (channels - c >= LANES) {
                    lanes = LANES;
                    max_lanes(&first[c], channels, row_bytes, y.end - y.first, x.end - x.first,
                              most);
                } else {
                    lanes = 1;
                    max_one(&first[c], channels, row_bytes, y.end - y.first, x.end - x.first, most);
                }
                for (int32_t r = 0; r < lanes; r++) {
                    *output++ = (int8_t)safe_clamp(most[r], params->output_min, params->output_max);
                }
            }
        }
    }
}
