/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_1d_v6m.c int8 convolution of height 1: each position is a row of a matrix product. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_1d_v6m.h"

void safe_kernel_conv_1d_s8_v6m(const safe_conv_1d_v6m_params_t *params, const int8_t *input,
                                const uint32_t *weights, const uint32_t *start,
                                const int32_t *multiplier, const int8_t *shift, void *scratch,
                                int8_t *output)
{
    const safe_conv_1d_t *conv = &params->conv;
    const safe_dense_row_v6m_t *row = &params->row;
    const safe_dense_weights_v6m_t constants = {weights, start, multiplier, shift};
    const int32_t channels = conv->input_channels;
    const int32_t last = conv->x.dilation == 1 ? conv->x.size - conv->x.kernel : -1;
    int32_t *words = (int32_t *)scratch;
    int8_t *taps = (int8_t *)&words[row->vectors * (SAFE_DOT8_V6M_HEADER + row->vector)];
    for (int32_t batch = 0; batch < conv->batches; batch++) {
        int32_t position = -conv->x.pad;
        for (int32_t left = conv->x.output; left > 0; left--) {
            const int8_t *values = taps;
            if (position >= 0 && position <= last) {
                values = &input[position * channels];
            } else {
                safe_conv_1d_gather(conv, input, position, taps);
            }
            safe_v6m_widen(values, row->depth, row->vector, words);
            safe_v6m_dense_row(row, &constants, words, output);
            output += row->units;
            position += conv->x.stride;
        }
        input += conv->x.size * channels;
    }
}
