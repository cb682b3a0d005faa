/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_few_dsp.h int8 matrix product with few outputs, for the DSP extension:
 * four rows at a time, at the end two where no more are left, in less code than tiles of eight. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_FEW_DSP_H
#define SAFE_KERNEL_FULLY_CONNECTED_FEW_DSP_H

#include <stdint.h>

#include "safe/kernel/dense_weights_dsp.h"
#include "safe/kernel/expand_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of a tile; the last has two where one or two rows are left. */
#define SAFE_FEW_ROWS 4

/** Constants of one call. */
typedef struct safe_fully_connected_few_dsp_params {
    int32_t batches; /**< Rows of input and output. */
    safe_dense_row_t row;
} safe_fully_connected_few_dsp_params_t;

/**
 * The same bytes as safe_kernel_fully_connected_s8, from packed weights.
 *
 * @param input [batches][row.depth]. @param weights Tiles of two pairs of rows, the last of one
 * where that is enough: per block the pairs' words for k and k + 2, then for k + 1 and k + 3, see
 * dot8_dsp.h. @param start Per pair of rows: 256 * p + q, then q, of the bias with
 * -input_zero_point * sum(weights) folded in. @param multiplier, shift See safe_dense_weights_t.
 * @param scratch SAFE_DOT8_WORDS(blocks of depth) words. @param output [batches][row.units], must
 * not overlap the input.
 * `codegen/backends/native/dsp/fully_connected.py` packs, and proves the bounds of dot8_dsp.h and
 * safe_dsp_rescale; where they do not hold it calls the reference kernel.
 */
void safe_kernel_fully_connected_few_s8_dsp(const safe_fully_connected_few_dsp_params_t *params,
                                            const int8_t *input, const uint32_t *weights,
                                            const int32_t *start, const int32_t *multiplier,
                                            const int8_t *shift, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
