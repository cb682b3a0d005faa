/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_1d_pairs_dsp.h int8 convolution of height 1, for the DSP extension, two positions at
 * a time: faster than conv_1d_dsp.h, and less code than conv_2d_dsp.h, where a model has no other
 * convolution. */
#ifndef SAFE_KERNEL_CONV_1D_PAIRS_DSP_H
#define SAFE_KERNEL_CONV_1D_PAIRS_DSP_H

#include <stdint.h>

#include "safe/kernel/columns_dsp.h"
#include "safe/kernel/conv_1d.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_conv_1d_pairs_dsp_params {
    safe_conv_1d_t conv;
    int32_t output_channels;
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_conv_1d_pairs_dsp_params_t;

/**
 * The same bytes as safe_kernel_conv_2d_s8 with height 1, from packed weights.
 *
 * @param input, output See safe_kernel_conv_2d_s8. @param weights See safe_kernel_conv_2d_s8_dsp.
 * @param scratch With n blocks of four for the weights of one channel: 24 * n bytes, aligned to 4.
 * `codegen/backends/native/dsp/conv_2d.py` packs, and proves the bounds.
 */
void safe_kernel_conv_1d_pairs_s8_dsp(const safe_conv_1d_pairs_dsp_params_t *params,
                                      const int8_t *input, const uint32_t *weights, void *scratch,
                                      int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
