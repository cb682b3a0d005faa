/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_1d_v6m.h int8 convolution of height 1 by the tiles of a matrix product, for Armv6-M:
 * less code than conv_2d_v6m.h where a model has no other convolution. */
#ifndef SAFE_KERNEL_CONV_1D_V6M_H
#define SAFE_KERNEL_CONV_1D_V6M_H

#include <stdint.h>

#include "safe/kernel/conv_1d.h"
#include "safe/kernel/dense_row_v6m.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_conv_1d_v6m_params {
    safe_conv_1d_t conv;
    safe_dense_row_v6m_t
        row; /**< depth: conv.x.kernel * conv.input_channels; units: output channels. */
} safe_conv_1d_v6m_params_t;

/**
 * The same bytes as safe_kernel_conv_2d_s8 with height 1, from packed weights.
 *
 * @param input, output See safe_kernel_conv_2d_s8. @param weights, start, multiplier, shift See
 * safe_dense_weights_v6m_t; the start is the bias with -input_zero_point * sum(weights) folded in.
 * @param scratch Words for safe_v6m_widen, then row.depth bytes: what a position at an end sees.
 * `codegen/backends/native/v6m/packing.py` packs, and proves the bounds of safe_v6m_dot8 and
 * safe_v6m_rescale; where they do not hold the reference kernel is called.
 */
void safe_kernel_conv_1d_s8_v6m(const safe_conv_1d_v6m_params_t *params, const int8_t *input,
                                const uint32_t *weights, const uint32_t *start,
                                const int32_t *multiplier, const int8_t *shift, void *scratch,
                                int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
