/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_v6m.h int8 depthwise convolution, for Armv6-M. */
#ifndef SAFE_KERNEL_DEPTHWISE_CONV_2D_V6M_H
#define SAFE_KERNEL_DEPTHWISE_CONV_2D_V6M_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_depthwise_conv_2d_v6m_params {
    int32_t batches;
    int32_t channels; /**< Number in input and output. */
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t plane_rows;        /**< Rows and columns of one channel with its padding: what all */
    int32_t plane_columns;     /**< output positions see. */
    int32_t input_zero_point;  /**< [-128, 127]; what lies outside the image. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_depthwise_conv_2d_v6m_params_t;

/** One channel. */
typedef struct safe_depthwise_v6m_channel {
    int32_t start; /**< Bias - input_zero_point * sum(weights). */
    int32_t multiplier;
    int32_t shift; /**< [1, 30]: right */
} safe_depthwise_v6m_channel_t;

/**
 * The same bytes as safe_kernel_depthwise_conv_2d_s8 with a channel multiplier of 1.
 *
 * @param input, output See safe_kernel_depthwise_conv_2d_s8; may be the same address where an image
 * has no more outputs than inputs: a channel is copied before its outputs are written. @param
 * weights [channels][y.kernel][x.kernel]. @param channels safe_depthwise_v6m_channel_t as words,
 * one for each channel. @param scratch [plane_rows][plane_columns] bytes: one channel with its
 * padding. `codegen/backends/native/v6m/depthwise_conv_2d.py` packs, and proves the bounds of
 * safe_v6m_rescale; where they do not hold the reference kernel is called.
 */
void safe_kernel_depthwise_conv_2d_s8_v6m(const safe_depthwise_conv_2d_v6m_params_t *params,
                                          const int8_t *input, const int8_t *weights,
                                          const int32_t *channels, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
