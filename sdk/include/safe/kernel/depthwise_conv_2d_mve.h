/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_mve.h int8 depthwise convolution, for the M-profile vector extension. */
#ifndef SAFE_KERNEL_DEPTHWISE_CONV_2D_MVE_H
#define SAFE_KERNEL_DEPTHWISE_CONV_2D_MVE_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Channels of a group. */
#define SAFE_DEPTHWISE_MVE_LANES 16

/** Constants of one call. */
typedef struct safe_depthwise_conv_2d_mve_params {
    int32_t batches;
    int32_t channels; /**< Number in input and output, at least 16. */
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t input_zero_point;  /**< [-128, 127]; what lies outside the image. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_depthwise_conv_2d_mve_params_t;

/**
 * The same bytes as safe_kernel_depthwise_conv_2d_s8 with a channel multiplier of 1.
 *
 * @param input, output See safe_kernel_depthwise_conv_2d_s8. @param weights Groups of 16 channels,
 * aligned to 4 bytes; where the channels are no multiple of 16, the last group overlaps the one
 * before. A group is four times 4 words that the sums start from (the folded bias), of the channels
 * 0, 4, 8, 12, then from 2, from 1 and from 3 on; 16 weights for each tap [y.kernel][x.kernel]; and
 * in the order of the starts 16 multipliers and 16 shifts of one byte, as safe_mve_requantize has
 * them. @param scratch A pointer for each tap and a byte for each channel.
 * `codegen/backends/native/mve/depthwise_conv_2d.py` packs, and proves that the products of taps 0
 * and 1, 2 and 3, and so on, together fit int16, and the bounds of safe_mve_requantize; where they
 * do not hold another kernel is called.
 */
void safe_kernel_depthwise_conv_2d_s8_mve(const safe_depthwise_conv_2d_mve_params_t *params,
                                          const int8_t *input, const int8_t *weights, void *scratch,
                                          int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
