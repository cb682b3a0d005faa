/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_dsp.h int8 depthwise convolution, for the DSP extension. */
#ifndef SAFE_KERNEL_DEPTHWISE_CONV_2D_DSP_H
#define SAFE_KERNEL_DEPTHWISE_CONV_2D_DSP_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_depthwise_conv_2d_dsp_params {
    int32_t batches;
    int32_t channels; /**< Number in input and output, at least 4. */
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t input_zero_point; /**< [-128, 127]; what lies outside the image. */
    int32_t output_min;       /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_depthwise_conv_2d_dsp_params_t;

/**
 * The same bytes as safe_kernel_depthwise_conv_2d_s8 with a channel multiplier of 1.
 *
 * @param input, output See safe_kernel_depthwise_conv_2d_s8. @param weights Groups of four
 * channels; where the channels are no multiple of four, the last group overlaps the one before. A
 * group is four words that the sums start from (the folded bias), a word of four int8 weights for
 * each tap [y.kernel][x.kernel], and four safe_dsp_rescale_t. @param scratch A pointer for each tap
 * and a byte for each channel. `codegen/backends/native/dsp/depthwise_conv_2d.py` packs, and proves
 * the bounds of safe_dsp_rescale; where they do not hold the reference kernel is called.
 */
void safe_kernel_depthwise_conv_2d_s8_dsp(const safe_depthwise_conv_2d_dsp_params_t *params,
                                          const int8_t *input, const uint32_t *weights,
                                          void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
