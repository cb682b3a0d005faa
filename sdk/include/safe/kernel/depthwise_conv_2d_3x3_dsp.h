/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_3x3_dsp.h int8 depthwise convolution 3 x 3, for the DSP extension. */
#ifndef SAFE_KERNEL_DEPTHWISE_CONV_2D_3X3_DSP_H
#define SAFE_KERNEL_DEPTHWISE_CONV_2D_3X3_DSP_H

#include <stdint.h>

#include "safe/kernel/depthwise_plane.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_depthwise_3x3_dsp_params {
    int32_t batches;
    int32_t channels;             /**< Number in input and output. */
    safe_depthwise_plane_t plane; /**< Lines of `line.output` + 2 bytes or more; along a line the
                                       stride is 1, and there are at least two outputs. */
    int32_t lines;                /**< Number of lines of the plane. */
    int32_t line_stride;          /**< Lines from an output position across to the next. */
    int32_t image_bytes;          /**< Size of one input. */
    int32_t input_zero_point;     /**< [-128, 127]; what lies outside the image. */
    int32_t output_zero_point;    /**< [-128, 127] */
    int32_t output_min;           /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_depthwise_3x3_dsp_params_t;

/** One channel. With w[across][along]: what SXTB16 makes pairs of, without and with rotation. */
typedef struct safe_depthwise_3x3_channel {
    int32_t doubled_start; /**< 2 * (bias - input_zero_point * sum(weights)) */
    int32_t multiplier;    /**< 0 or in [2^30, 2^31) */
    uint32_t first;        /**< w[0][0], w[1][0], w[0][2], w[1][2] */
    uint32_t second;       /**< w[2][0], w[0][1], w[2][2], w[1][1] */
    uint32_t third;        /**< w[2][1], shift to the right in [1, 30], 0, 0 */
} safe_depthwise_3x3_channel_t;

/**
 * The same bytes as safe_kernel_depthwise_conv_2d_s8 with a channel multiplier of 1 and a kernel of
 * 3 x 3 without dilation.
 *
 * @param input, output See safe_kernel_depthwise_conv_2d_s8; may be the same address where an image
 * has no more outputs than inputs: a channel is copied before its outputs are written. @param
 * channels safe_depthwise_3x3_channel_t as words, one for each channel. @param scratch
 * [lines][line_bytes] bytes, of any alignment: one channel with its padding.
 * `codegen/backends/native/dsp/depthwise_3x3.py` packs, and proves the bounds of safe_dsp_rescale;
 * where they do not hold another kernel is called.
 */
void safe_kernel_depthwise_conv_2d_3x3_s8_dsp(const safe_depthwise_3x3_dsp_params_t *params,
                                              const int8_t *input, const uint32_t *channels,
                                              void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
