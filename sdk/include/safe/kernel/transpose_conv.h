/* SPDX-License-Identifier: Apache-2.0 */
/** @file transpose_conv.h int8 transposed convolution. */
#ifndef SAFE_KERNEL_TRANSPOSE_CONV_H
#define SAFE_KERNEL_TRANSPOSE_CONV_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. In `y` and `x` the stride is in output positions, the dilation is 1,
 * and `pad` is the number of output positions before the first that tap 0 of input 0 reaches. */
typedef struct safe_transpose_conv_params {
    int32_t batches;
    int32_t input_channels;
    int32_t output_channels;
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t requantize_step;   /**< 1: multiplier and shift per channel; 0: one pair for all. */
    int32_t input_zero_point;  /**< [-128, 127] */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_transpose_conv_params_t;

/**
 * output[b][y][x][o] = clamp(requantize(bias[o] + sum over the inputs and taps that reach y, x and
 * over channels of (input - input zero point) * weight) + zero point). Input y' reaches with tap t
 * the output y' * stride + t - pad.
 *
 * @param input [batches][y.size][x.size][input_channels].
 * @param weights [output_channels][y.kernel][x.kernel][input_channels], any int8; in the order
 * that this variant of the kernel reads, chosen by `codegen/operators/linear/transpose_conv.py`.
 * @param bias [output_channels] as in the model: how many taps reach an output depends on its
 * place, so that no zero point is folded in. The generator proves |bias[o]| + 255 * sum
 * |weights[o]| < 2^31, and the same times 2^shift for a left shift.
 * @param multiplier, shift See safe_requantize. @param scratch Size from the generator; unused
 * here. @param output [batches][y.output][x.output][output_channels], must not overlap the
 * input. Source of the arithmetic: TFLM reference_integer_ops::TransposeConv, double rounding.
 */
void safe_kernel_transpose_conv_s8(const safe_transpose_conv_params_t *params, const int8_t *input,
                                   const int8_t *weights, const int32_t *bias,
                                   const int32_t *multiplier, const int8_t *shift, void *scratch,
                                   int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
