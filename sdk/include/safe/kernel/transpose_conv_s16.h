/* SPDX-License-Identifier: Apache-2.0 */
/** @file transpose_conv_s16.h Transposed convolution of int16 values with int8 weights. */
#ifndef SAFE_KERNEL_TRANSPOSE_CONV_S16_H
#define SAFE_KERNEL_TRANSPOSE_CONV_S16_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call; dilations are 1. */
typedef struct safe_transpose_conv_s16_params {
    int32_t batches;
    int32_t input_channels;
    int32_t output_channels;
    safe_conv_axis_t y; /**< `size` is of the input, `output` of the output. */
    safe_conv_axis_t x;
    int32_t wide;            /**< See safe_rescale_sum; 1, as sums have 64 bits. */
    int32_t requantize_step; /**< 1: multiplier and shift per channel; 0: one pair for all. */
    int32_t output_min;      /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_transpose_conv_s16_params_t;

/**
 * output = clamp(rescale(bias + sum of the inputs that reach it)): input (i, j) adds through tap
 * (ty, tx) to output (i * stride + ty - pad, j * stride + tx - pad).
 *
 * @param input [batches][y.size][x.size][input_channels].
 * @param weights [output_channels][y.kernel][x.kernel][input_channels].
 * @param bias [output_channels]. @param multiplier, shift See safe_rescale_sum.
 * @param output [batches][y.output][x.output][output_channels], must not overlap the input.
 * Source of the arithmetic: TFLM reference_integer_ops::TransposeConv for int16.
 */
void safe_kernel_transpose_conv_s16(const safe_transpose_conv_s16_params_t *params,
                                    const int16_t *input, const int8_t *weights,
                                    const int64_t *bias, const int32_t *multiplier,
                                    const int8_t *shift, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
