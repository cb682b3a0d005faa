/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_1d_pairs_dsp.c int8 convolution of height 1: what two positions see becomes two
 * columns of int16, which all output channels then read. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_1d_pairs_dsp.h"

#include <string.h>

#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"

/** Returns what a position sees, in whole blocks: where it lies in the input, or copied to `taps`,
 * whose last block is filled up already. */
static inline const int8_t *piece(const safe_conv_1d_t *conv, const int8_t *input, int32_t position,
                                  int32_t depth, int8_t *taps)
{
    const int32_t last = conv->x.dilation == 1 ? conv->x.size - conv->x.kernel : -1;
    if (position < 0 || position > last) {
        safe_conv_1d_gather(conv, input, position, taps);
        return taps;
    }
    const int8_t *values = &input[position * conv->input_channels];
    if ((depth & 3) == 0) {
        return values;
    }
    for (int32_t k = 0; k < depth; k++) {
        taps[k] = values[k];
    }
    return taps;
}

void safe_kernel_conv_1d_pairs_s8_dsp(const safe_conv_1d_pairs_dsp_params_t *params,
                                      const int8_t *input, const uint32_t *weights, void *scratch,
                                      int8_t *output)
{
    const safe_conv_1d_t *conv = &params->conv;
    const int32_t channels = params->output_channels;
    const int32_t depth = conv->x.kernel * conv->input_channels;
    const int32_t filled = (depth + 3) & ~3;
    const uint32_t blocks = (uint32_t)filled / 4u;
    const int32_t zero_point = 2 * params->output_zero_point + 1;
    uint32_t *const words = (uint32_t *)scratch;
    int8_t *const taps = (int8_t *)&words[SAFE_GEMM4X2_WORDS(blocks)];
    int8_t *const first = output;
    /* What fills a last block up may be anything, as its weights are 0, but is read. */
    (void)memset(taps, 0, 2u * (size_t)filled);
    for (int32_t batch = 0; batch < conv->batches; batch++) {
        int32_t position = -conv->x.pad;
        for (int32_t left = conv->x.output; left > 0; left -= 2) {
            /* The last position may be alone: both columns are the same and write the same bytes.
             */
            const int32_t other = left > 1 ? position + conv->x.stride : position;
            int8_t *const next = left > 1 ? &output[channels] : output;
            const safe_gemm4x2_t extent = {0, blocks, {output, next}, zero_point};
            const int8_t *a = piece(conv, input, position, depth, taps);
            const int8_t *b = piece(conv, input, other, depth, &taps[filled]);
            (void)safe_dsp_expand_two(a, b, filled, words);
            safe_dsp_multiply_two(weights, words, extent, channels);
            output = &next[channels];
            position = other + conv->x.stride;
        }
        input += conv->x.size * conv->input_channels;
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_dsp_clamp_s8(first, conv->batches * conv->x.output * channels, params->output_min,
                          params->output_max);
    }
}
