/* SPDX-License-Identifier: Apache-2.0 */
/** @file pool_2d.h int8 maximum and average over windows of an image; 1-D has height 1. */
#ifndef SAFE_KERNEL_POOL_2D_H
#define SAFE_KERNEL_POOL_2D_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. Every window has a tap inside the image; dilations are 1. */
typedef struct safe_pool_2d_params {
    int32_t batches;
    int32_t channels;
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t output_min; /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_pool_2d_params_t;

/**
 * output[b][y][x][c] = clamp(maximum over the taps inside the image).
 *
 * @param input [batches][y.size][x.size][channels]. @param output
 * [batches][y.output][x.output][channels]; without padding it may start where the input starts,
 * else it must not overlap the input. Input and output have the same scale and zero point.
 * Source of the arithmetic: TFLM reference_integer_ops::MaxPool.
 */
void safe_kernel_max_pool_2d_s8(const safe_pool_2d_params_t *params, const int8_t *input,
                                int8_t *output);

/**
 * output[b][y][x][c] = clamp(mean over the taps inside the image), halves away from zero.
 *
 * The number of taps inside divides, so that the border is not darkened. Arguments as for
 * safe_kernel_max_pool_2d_s8; taps are fewer than 2^23, so that sums fit.
 * Source of the arithmetic: TFLM reference_integer_ops::AveragePool.
 */
void safe_kernel_average_pool_2d_s8(const safe_pool_2d_params_t *params, const int8_t *input,
                                    int8_t *output);

/** Does what safe_kernel_max_pool_2d_s8 does, for int16. */
void safe_kernel_max_pool_2d_s16(const safe_pool_2d_params_t *params, const int16_t *input,
                                 int16_t *output);

/** Does what safe_kernel_average_pool_2d_s8 does, for int16; taps are fewer than 2^15. */
void safe_kernel_average_pool_2d_s16(const safe_pool_2d_params_t *params, const int16_t *input,
                                     int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
