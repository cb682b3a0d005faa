/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d.h int8 convolution of each channel by itself; 1-D has height 1. */
#ifndef SAFE_KERNEL_DEPTHWISE_CONV_2D_H
#define SAFE_KERNEL_DEPTHWISE_CONV_2D_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_depthwise_conv_2d_params {
    int32_t batches;
    int32_t input_channels;
    int32_t channel_multiplier; /**< Output channels of each input channel. */
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t requantize_step;   /**< 1: multiplier and shift per channel; 0: one pair for all. */
    int32_t input_zero_point;  /**< [-128, 127]; what lies outside the image. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_depthwise_conv_2d_params_t;

/**
 * output[b][y][x][o] = clamp(requantize(bias[o] + sum over taps of
 * input[b][y'][x'][o / channel_multiplier] * weights[tap][o]) + zero point).
 *
 * @param input [batches][y.size][x.size][input_channels].
 * @param weights [y.kernel][x.kernel][input_channels * channel_multiplier], any int8; in the order
 * that this variant of the kernel reads, chosen by `codegen/operators/linear/depthwise_conv_2d.py`.
 * @param bias [output channels] with -input_zero_point * sum(weights) folded in; a tap outside
 * the image sees the input zero point, which cancels its share. The generator proves
 * |bias[o]| + 128 * sum |weights[o]| < 2^31, and the same times 2^shift for a left shift.
 * @param multiplier, shift See safe_requantize. @param scratch Size from the generator; unused
 * here. @param output [batches][y.output][x.output][output channels], must not overlap the
 * input. Source of the arithmetic: TFLM reference_integer_ops::DepthwiseConvPerChannel, double
 * rounding.
 */
void safe_kernel_depthwise_conv_2d_s8(const safe_depthwise_conv_2d_params_t *params,
                                      const int8_t *input, const int8_t *weights,
                                      const int32_t *bias, const int32_t *multiplier,
                                      const int8_t *shift, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
