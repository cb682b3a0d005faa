/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_mve.h int8 convolution, for the M-profile vector extension. */
#ifndef SAFE_KERNEL_CONV_2D_MVE_H
#define SAFE_KERNEL_CONV_2D_MVE_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"
#include "safe/kernel/gemm4x3_mve.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_conv_2d_mve_params {
    int32_t batches;
    int32_t input_channels;
    int32_t output_channels;
    safe_conv_axis_t y;
    safe_conv_axis_t x;
    int32_t input_zero_point;  /**< [-128, 127]; what lies outside the image. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_conv_2d_mve_params_t;

/**
 * The same bytes as safe_kernel_conv_2d_s8, from packed weights.
 *
 * @param input, output See safe_kernel_conv_2d_s8. @param weights Groups of four output channels as
 * safe_mve_gemm4x3 reads them, filled with zeros; the taps of a channel in the order
 * [y.kernel][x.kernel][input_channels]; the sums start from the bias with -input_zero_point *
 * sum(weights) folded in. @param scratch Three times the taps of a channel in whole blocks of 16.
 * `codegen/backends/native/mve/conv_2d.py` packs, and proves the bounds; where they do not hold
 * another kernel is called.
 */
void safe_kernel_conv_2d_s8_mve(const safe_conv_2d_mve_params_t *params, const int8_t *input,
                                const int8_t *weights, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
