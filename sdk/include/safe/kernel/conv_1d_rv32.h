/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_1d_rv32.h int8 convolution of height 1 by the tiles of a matrix product, for RV32IM:
 * less code than conv_2d_rv32.h where a model has no other convolution. */
#ifndef SAFE_KERNEL_CONV_1D_RV32_H
#define SAFE_KERNEL_CONV_1D_RV32_H

#include <stdint.h>

#include "safe/kernel/conv_1d.h"
#include "safe/kernel/dense_row_rv32.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_conv_1d_rv32_params {
    safe_conv_1d_t conv;
    safe_dense_row_rv32_t
        row; /**< depth: conv.x.kernel * conv.input_channels; units: output channels. */
} safe_conv_1d_rv32_params_t;

/**
 * The same bytes as safe_kernel_conv_2d_s8 with height 1, from packed weights.
 *
 * @param input, output See safe_kernel_conv_2d_s8. @param weights, start, multiplier, shift See
 * safe_dense_weights_rv32_t; the start is the bias with -input_zero_point * sum(weights) folded in.
 * @param scratch row.depth bytes: what a position at an end sees.
 * `codegen/backends/native/rv32/packing.py` packs, and proves the bounds of safe_rv32_rescale;
 * where they do not hold the reference kernel is called.
 */
void safe_kernel_conv_1d_s8_rv32(const safe_conv_1d_rv32_params_t *params, const int8_t *input,
                                 const int8_t *weights, const void *start,
                                 const int32_t *multiplier, const int8_t *shift, void *scratch,
                                 int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
