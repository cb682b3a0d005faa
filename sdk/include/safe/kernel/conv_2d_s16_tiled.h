/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_s16_tiled.h Convolution of int16 values, four output channels at a time; a matrix
 * product is one with a window of 1 x 1. */
#ifndef SAFE_KERNEL_CONV_2D_S16_TILED_H
#define SAFE_KERNEL_CONV_2D_S16_TILED_H

#include <stdint.h>

#include "safe/kernel/column_s16.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Output channels of a tile. */
#define SAFE_TILE_S16_ROWS 4

/** Constants of one call; all zero points are 0. */
typedef struct safe_conv_2d_s16_tiled_params {
    int32_t batches;
    int32_t output_channels;
    safe_window_s16_t window;
    int32_t chunk; /**< Values of a column whose products are summed in 32 bits, whole blocks. */
    int32_t is_narrow;       /**< 1: whole sums have 32 bits, and `multiplier` is that of the high
                                word of a product; `shift` is not read. */
    int32_t wide;            /**< Otherwise: see safe_rescale_sum. */
    int32_t requantize_step; /**< 1: multiplier and shift per channel; 0: one pair for all. */
    int32_t output_min;      /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_conv_2d_s16_tiled_params_t;

/**
 * The same values as safe_kernel_conv_2d_s16.
 *
 * @param weights Tiles of four channels, filled with zeros: for each value of a column the weights
 * of the four.
 * @param bias One for each output channel, filled up to tiles.
 * @param multiplier See safe_kernel_conv_2d_s16. @param shift See there.
 * @param scratch A column.
 * `codegen/backends/native/shared/int16.py` packs, and proves for each chunk and channel that
 * 2^15 * sum |weight| < 2^31, and where sums are narrow that 2^15 * sum |weight| + |bias| < 2^31
 * and that round(sum * multiplier / 2^32) is what one rounding of 15 bits gives.
 */
void safe_kernel_conv_2d_s16_tiled(const safe_conv_2d_s16_tiled_params_t *params,
                                   const int16_t *input, const int8_t *weights, const int64_t *bias,
                                   const int32_t *multiplier, const int8_t *shift, void *scratch,
                                   int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
