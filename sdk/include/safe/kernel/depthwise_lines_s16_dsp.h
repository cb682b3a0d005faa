/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_lines_s16_dsp.h Depthwise convolution of int16 values with small windows, for
 * the DSP extension: any stride and channel multiplier, sums of 32 bits. */
#ifndef SAFE_KERNEL_DEPTHWISE_LINES_S16_DSP_H
#define SAFE_KERNEL_DEPTHWISE_LINES_S16_DSP_H

#include <stdint.h>

#include "safe/kernel/depthwise_plane.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Largest number of blocks of a window. */
#define SAFE_DEPTHWISE_LINES_S16_BLOCKS 3

/** Constants of one call; all zero points are 0. A window is up to three blocks of four taps beside
 * each other on a line, as of safe_depthwise_lines_dsp_params_t. */
typedef struct safe_depthwise_lines_s16_dsp_params {
    int32_t batches;
    int32_t input_channels;
    int32_t channel_multiplier;   /**< Output channels of each input channel. */
    safe_depthwise_plane_t plane; /**< Plane whose steps and `line_bytes` are in elements. */
    int32_t plane_size;           /**< Elements of the plane, and what is read behind it: 3. */
    int32_t blocks;      /**< Blocks of a window, 1 to 3; two lie side by side on a line. */
    int32_t is_paired;   /**< 1: lines of at most three taps, 1 or 3 blocks, and `line_step` 1. */
    int32_t block_step;  /**< Elements from one of three blocks to the next. */
    int32_t line_step;   /**< Elements from an output to the next on its line. */
    int32_t across_step; /**< Elements from an output to the next across. */
    int32_t image_size;  /**< Elements of one input. */
    int32_t output_min;  /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_depthwise_lines_s16_dsp_params_t;

/** One output channel. */
typedef struct safe_depthwise_lines_s16_channel {
    int32_t start;      /**< The bias. */
    int32_t multiplier; /**< round(sum * multiplier / 2^32) is the output. */
    uint32_t
        weights[SAFE_DEPTHWISE_LINES_S16_BLOCKS]; /**< Four int8 of each block, with 0 behind. */
} safe_depthwise_lines_s16_channel_t;

/**
 * The same values as safe_kernel_depthwise_conv_2d_s16.
 *
 * @param input, output See there; with a channel multiplier of 1 they may be the same address where
 * an image has no more outputs than inputs.
 * @param channels safe_depthwise_lines_s16_channel_t as words, one for each output channel.
 * @param scratch `plane_size` elements.
 * `codegen/backends/native/dsp/depthwise_lines_s16.py` packs; `shared/int16.py` proves that
 * 2^15 * sum |weight| + |bias| < 2^31 and that one rounding at the high word is exact.
 */
void safe_kernel_depthwise_lines_s16_dsp(const safe_depthwise_lines_s16_dsp_params_t *params,
                                         const int16_t *input, const uint32_t *channels,
                                         void *scratch, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
