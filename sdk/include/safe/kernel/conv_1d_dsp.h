/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_1d_dsp.h int8 convolution of height 1, for the DSP extension: less code than
 * conv_2d_dsp.h where a model has no other convolution. */
#ifndef SAFE_KERNEL_CONV_1D_DSP_H
#define SAFE_KERNEL_CONV_1D_DSP_H

#include <stdint.h>

#include "safe/kernel/conv_1d.h"
#include "safe/kernel/dense_row_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_conv_1d_dsp_params {
    safe_conv_1d_t conv;
    safe_dense_row_t
        row; /**< depth: conv.x.kernel * conv.input_channels; units: output channels. */
} safe_conv_1d_dsp_params_t;

/**
 * The same bytes as safe_kernel_conv_2d_s8 with height 1, from packed weights.
 *
 * @param input, output See safe_kernel_conv_2d_s8. @param weights, start, multiplier, shift See
 * safe_dense_weights_t; the start is the bias with -input_zero_point * sum(weights) folded in.
 * @param scratch SAFE_DOT8_WORDS(blocks of depth) words, then row.depth bytes.
 * `codegen/backends/native/dsp/conv_2d.py` packs, and proves the bounds.
 */
void safe_kernel_conv_1d_s8_dsp(const safe_conv_1d_dsp_params_t *params, const int8_t *input,
                                const uint32_t *weights, const int32_t *start,
                                const int32_t *multiplier, const int8_t *shift, void *scratch,
                                int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
