/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_s16_narrow.h Depthwise convolution of int16 values whose sums have 32
 * bits, four channels at a time. */
#ifndef SAFE_KERNEL_DEPTHWISE_CONV_2D_S16_NARROW_H
#define SAFE_KERNEL_DEPTHWISE_CONV_2D_S16_NARROW_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Channels of a group. */
#define SAFE_DEPTHWISE_S16_LANES 4

/** Constants of one call; all zero points are 0. */
typedef struct safe_depthwise_conv_2d_s16_narrow_params {
    int32_t batches;
    int32_t channels; /**< At least four. */
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t output_min; /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_depthwise_conv_2d_s16_narrow_params_t;

/**
 * The same values as safe_kernel_depthwise_conv_2d_s16 with a channel multiplier of 1.
 *
 * @param weights Groups of four channels: what the four sums start from (the bias), for each tap
 * a word of the four int8 weights, and the four multipliers. The last group ends with the last
 * channel, and may share channels with the one before it.
 * @param scratch A pointer for each tap, then `channels` elements; aligned for a pointer.
 * `codegen/backends/native/shared/depthwise_conv_2d.py` packs; `int16.py` proves that
 * 2^15 * sum |weight| + |bias| < 2^31 and that round(sum * multiplier / 2^32) is what one rounding
 * of 15 bits gives.
 */
void safe_kernel_depthwise_conv_2d_s16_narrow(
    const safe_depthwise_conv_2d_s16_narrow_params_t *params, const int16_t *input,
    const uint32_t *weights, void *scratch, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
