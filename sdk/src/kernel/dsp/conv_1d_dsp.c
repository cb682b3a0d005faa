/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_1d_dsp.c int8 convolution of height 1: what an output position sees lies in one
 * piece in the input, except at its ends. */
#include "safe/kernel/conv_1d_dsp.h"

#include <stddef.h>
#include <string.h>

/** Copies what a position sees to `taps`, tap by tap. @param position Input position of tap 0. */
static void gather(const safe_conv_1d_dsp_params_t *params, const int8_t *input, int32_t position,
                   int8_t *taps)
{
    const int32_t channels = params->input_channels;
    for (int32_t tap = 0; tap < params->x.kernel; tap++, taps += channels) {
        if (position >= 0 && position < params->x.size) {
            memcpy(taps, &input[position * channels], (size_t)channels);
        } else {
            memset(taps, params->input_zero_point, (size_t)channels);
        }
        position += params->x.dilation;
    }
}

void safe_kernel_conv_1d_s8_dsp(const safe_conv_1d_dsp_params_t *params, const int8_t *input,
                                const uint32_t *weights, const int32_t *start,
                                const int32_t *multiplier, const int8_t *shift, void *scratch,
                                int8_t *output)
{
    const safe_dense_weights_t constants = {weights, start, multiplier, shift};
    const int32_t depth = params->row.depth;
    const int32_t last = params->x.dilation == 1 ? params->x.size - params->x.kernel : -1;
    uint32_t *expanded = (uint32_t *)scratch;
    int8_t *taps = (int8_t *)&expanded[SAFE_DOT8_WORDS(SAFE_DOT8_BLOCKS(depth))];
    for (int32_t batch = 0; batch < params->batches; batch++) {
        int32_t position = -params->x.pad;
        for (int32_t left = params->x.output; left > 0; left--) {
            const int8_t *values = taps;
            if (position >= 0 && position <= last) {
                values = &input[position * params->input_channels];
            } else {
                gather(params, input, position, taps);
            }
            safe_dsp_expand(values, depth, 0, expanded);
            safe_dsp_dense_row(&params->row, &constants, expanded, output);
            output += params->row.units;
            position += params->x.stride;
        }
        input += params->x.size * params->input_channels;
    }
}
