/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_rv32.h int8 depthwise convolution for RV32: any window, stride and
 * channel multiplier. */
#ifndef SAFE_KERNEL_DEPTHWISE_CONV_2D_RV32_H
#define SAFE_KERNEL_DEPTHWISE_CONV_2D_RV32_H

#include <stdint.h>

#include "safe/kernel/depthwise_rv32.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The same bytes as safe_kernel_depthwise_conv_2d_s8.
 *
 * @param input, output See there; with a channel multiplier of 1 they may be the same address where
 * an image has no more outputs than inputs: a channel is copied before its outputs are written.
 * @param weights [channels][lines][taps].
 * @param channels safe_depthwise_rv32_channel_t as words, one for each output channel.
 * @param scratch `plane_bytes` bytes: one channel with its padding.
 * `codegen/backends/native/rv32/depthwise_conv_2d.py` packs, and proves the bounds of
 * safe_rv32_rescale; where they do not hold the reference kernel is called.
 */
void safe_kernel_depthwise_conv_2d_s8_rv32(const safe_depthwise_rv32_params_t *params,
                                           const int8_t *input, const int8_t *weights,
                                           const int32_t *channels, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
