/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_dsp.h int8 matrix product, for the DSP extension. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_DSP_H
#define SAFE_KERNEL_FULLY_CONNECTED_DSP_H

#include <stdint.h>

#include "safe/kernel/dense_row_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_fully_connected_dsp_params {
    int32_t batches; /**< Rows of input and output. */
    safe_dense_row_t row;
} safe_fully_connected_dsp_params_t;

/**
 * The same bytes as safe_kernel_fully_connected_s8, from packed weights.
 *
 * @param input [batches][row.depth]. @param weights, start, multiplier, shift See
 * safe_dense_weights_t; the start is the bias with -input_zero_point * sum(weights) folded in.
 * @param scratch SAFE_DOT8_WORDS(blocks of depth) words. @param output [batches][row.units], must
 * not overlap the input.
 * `codegen/backends/native/dsp/fully_connected.py` packs, and proves the bounds of safe_dsp_dot8
 * and safe_dsp_rescale; where they do not hold it calls the reference kernel.
 */
void safe_kernel_fully_connected_s8_dsp(const safe_fully_connected_dsp_params_t *params,
                                        const int8_t *input, const uint32_t *weights,
                                        const int32_t *start, const int32_t *multiplier,
                                        const int8_t *shift, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
