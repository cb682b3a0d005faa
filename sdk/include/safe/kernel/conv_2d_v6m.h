/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_v6m.h int8 convolution, for Armv6-M. */
#ifndef SAFE_KERNEL_CONV_2D_V6M_H
#define SAFE_KERNEL_CONV_2D_V6M_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_conv_2d_v6m_params {
    int32_t batches;
    int32_t input_channels;
    int32_t output_channels;
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t input_zero_point;  /**< [-128, 127]; what lies outside the image. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_conv_2d_v6m_params_t;

/** One output channel. */
typedef struct safe_conv_v6m_channel {
    int32_t start; /**< Bias - input_zero_point * sum(weights). */
    int32_t multiplier;
    int32_t shift; /**< [1, 30]: right */
} safe_conv_v6m_channel_t;

/**
 * The same bytes as safe_kernel_conv_2d_s8, from packed weights.
 *
 * @param input, output See safe_kernel_conv_2d_s8. @param weights For each output channel the
 * stream of safe_v6m_row4. @param channels safe_conv_v6m_channel_t, one for each output channel, as
 * words. @param scratch [y.kernel][x.kernel][input_channels][2] words: what four output positions
 * see. `codegen/backends/native/v6m/conv_2d.py` packs, and proves the bounds of safe_v6m_row4 and
 * safe_v6m_rescale; where they do not hold the reference kernel is called.
 */
void safe_kernel_conv_2d_s8_v6m(const safe_conv_2d_v6m_params_t *params, const int8_t *input,
                                const int8_t *weights, const int32_t *channels, void *scratch,
                                int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
