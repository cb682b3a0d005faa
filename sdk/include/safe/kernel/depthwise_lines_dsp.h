/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_lines_dsp.h int8 depthwise convolution of small windows, for the DSP extension:
 * any stride and channel multiplier. */
#ifndef SAFE_KERNEL_DEPTHWISE_LINES_DSP_H
#define SAFE_KERNEL_DEPTHWISE_LINES_DSP_H

#include <stdint.h>

#include "safe/kernel/depthwise_plane.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Largest number of blocks of a window. */
#define SAFE_DEPTHWISE_LINES_BLOCKS 3

/** Constants of one call. A window is up to three blocks of four taps beside each other on a line:
 * one line of up to twelve taps, or up to three lines of up to four. */
typedef struct safe_depthwise_lines_dsp_params {
    int32_t batches;
    int32_t input_channels;
    int32_t channel_multiplier; /**< Output channels of each input channel. */
    safe_depthwise_plane_t plane;
    int32_t plane_bytes;       /**< Size of the plane, and what is read behind it: 3 bytes. */
    int32_t blocks;            /**< Blocks of a window, 1 to 3; two lie side by side on a line. */
    int32_t pairs_apart;       /**< 1: one line of at most three taps, and `line_step` 1; 2: one of
                                  five, and `line_step` 2; 0: any. */
    int32_t block_step;        /**< Bytes of the plane from one of three blocks to the next. */
    int32_t line_step;         /**< Bytes of the plane from an output to the next on its line. */
    int32_t across_step;       /**< Bytes of the plane from an output to the next across. */
    int32_t image_bytes;       /**< Size of one input. */
    int32_t input_zero_point;  /**< [-128, 127]; what lies outside the image. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_depthwise_lines_dsp_params_t;

/** One output channel. */
typedef struct safe_depthwise_lines_channel {
    int32_t doubled_start; /**< 2 * (bias - input_zero_point * sum(weights)) */
    int32_t multiplier;    /**< 0 or in [2^30, 2^31) */
    int32_t shift;         /**< [1, 30]: right */
    uint32_t weights[SAFE_DEPTHWISE_LINES_BLOCKS]; /**< Four int8 of each block, filled with 0. */
} safe_depthwise_lines_channel_t;

/**
 * The same bytes as safe_kernel_depthwise_conv_2d_s8.
 *
 * @param input, output See there; with a channel multiplier of 1 they may be the same address where
 * an image has no more outputs than inputs.
 * @param channels safe_depthwise_lines_channel_t as words, one for each output channel.
 * @param scratch `plane_bytes` bytes, of any alignment.
 * `codegen/backends/native/dsp/depthwise_lines.py` packs, and proves the bounds of
 * safe_dsp_rescale; where they do not hold another kernel is called.
 */
void safe_kernel_depthwise_lines_s8_dsp(const safe_depthwise_lines_dsp_params_t *params,
                                        const int8_t *input, const uint32_t *channels,
                                        void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
