/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_rv32.h int8 convolution, for RV32IM. */
#ifndef SAFE_KERNEL_CONV_2D_RV32_H
#define SAFE_KERNEL_CONV_2D_RV32_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"
#include "safe/kernel/rv32.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Output channels, and output positions, of a tile. */
#define SAFE_CONV_RV32_TILE 4

/** Constants of one call. */
typedef struct safe_conv_2d_rv32_params {
    int32_t batches;
    int32_t input_channels;
    int32_t output_channels;
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t input_zero_point;  /**< [-128, 127]; what lies outside the image. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_conv_2d_rv32_params_t;

/** Four output channels. */
typedef struct safe_conv_rv32_group {
    int32_t start[SAFE_CONV_RV32_TILE]; /**< Bias - input_zero_point * sum(weights). */
    int32_t multiplier[SAFE_CONV_RV32_TILE];
    int8_t shift[SAFE_CONV_RV32_TILE]; /**< [1, 30]: right */
} safe_conv_rv32_group_t;

/**
 * The same bytes as safe_kernel_conv_2d_s8, from packed weights.
 *
 * @param input, output See safe_kernel_conv_2d_s8. @param weights For each group of four output
 * channels [y.kernel][x.kernel][input_channels][4], filled with zeros to whole groups. @param
 * groups safe_conv_rv32_group_t, one for each four output channels, as words. @param scratch
 * [y.kernel][x.kernel][input_channels][4] bytes: what four output positions see.
 * `codegen/backends/native/rv32/packing.py` packs, and proves the bounds of safe_rv32_rescale;
 * where they do not hold the reference kernel is called.
 */
void safe_kernel_conv_2d_s8_rv32(const safe_conv_2d_rv32_params_t *params, const int8_t *input,
                                 const int8_t *weights, const int32_t *groups, void *scratch,
                                 int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
