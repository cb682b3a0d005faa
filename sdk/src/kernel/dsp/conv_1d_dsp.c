/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_1d_dsp.c int8 convolution of height 1: each position is a row of a matrix product. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_1d_dsp.h"

void safe_kernel_conv_1d_s8_dsp(const safe_conv_1d_dsp_params_t *params, const int8_t *input,
                                const uint32_t *weights, const int32_t *start,
                                const int32_t *multiplier, const int8_t *shift, void *scratch,
                                int8_t *output)
{
    const safe_conv_1d_t *conv = &params->conv;
    const safe_dense_weights_t constants = {weights, start, multiplier, shift};
    const int32_t depth = params->row.depth;
    const int32_t last = conv->x.dilation == 1 ? conv->x.size - conv->x.kernel : -1;
    uint32_t *expanded = (uint32_t *)scratch;
    int8_t *taps = (int8_t *)&expanded[SAFE_DOT8_WORDS(SAFE_DOT8_BLOCKS(depth))];
    for (int32_t batch = 0; batch < conv->batches; batch++) {
        int32_t position = -conv->x.pad;
        for (int32_t left = conv->x.output; left > 0; left--) {
            const int8_t *values = taps;
            if (position >= 0 && position <= last) {
                values = &input[position * conv->input_channels];
            } else {
                safe_conv_1d_gather(conv, input, position, taps);
            }
            safe_dsp_expand(values, depth, 0, expanded);
            safe_dsp_dense_row(&params->row, &constants, expanded, output);
            output += params->row.units;
            position += conv->x.stride;
        }
        input += conv->x.size * conv->input_channels;
    }
}
