/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_s16_dsp.h Convolution of int16 values for the DSP extension, where sums have 32
 * bits; a matrix product is one with a window of 1 x 1. */
#ifndef SAFE_KERNEL_CONV_2D_S16_DSP_H
#define SAFE_KERNEL_CONV_2D_S16_DSP_H

#include <stdint.h>

#include "safe/kernel/column_s16.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Output channels of a group. */
#define SAFE_CONV_S16_DSP_ROWS 4

/** Constants of one call; all zero points are 0. */
typedef struct safe_conv_2d_s16_dsp_params {
    int32_t batches;
    int32_t output_channels;
    safe_window_s16_t window;
    int32_t output_min; /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_conv_2d_s16_dsp_params_t;

/**
 * The same values as safe_kernel_conv_2d_s16.
 *
 * @param weights Groups of four channels, filled with zeros: what the four sums start from (the
 * bias), for each block of a column a word of four int8 weights for each channel, in the order
 * k, k + 2, k + 1, k + 3, and the four multipliers. @param scratch A column.
 * `codegen/backends/native/dsp/int16.py` packs, and proves that 2^15 * sum |weight| + |bias| < 2^31
 * and that round(sum * multiplier / 2^32) is what one rounding of 15 bits gives.
 */
void safe_kernel_conv_2d_s16_dsp(const safe_conv_2d_s16_dsp_params_t *params, const int16_t *input,
                                 const uint32_t *weights, void *scratch, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
