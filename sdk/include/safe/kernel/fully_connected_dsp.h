/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_dsp.h int8 matrix product, for the DSP extension. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_DSP_H
#define SAFE_KERNEL_FULLY_CONNECTED_DSP_H

#include <stdint.h>

#include "safe/kernel/dot8_dsp.h"

/** Constants of one call. */
typedef struct safe_fully_connected_dsp_params {
    int32_t batches;      /**< Rows of input and output. */
    int32_t depth;        /**< Elements of an input row, at most 8188. */
    int32_t units;        /**< Elements of an output row. */
    int32_t rescale_step; /**< 1: one rescaling per unit; 0: one for all. */
    int32_t output_min;   /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_fully_connected_dsp_params_t;

/**
 * The same bytes as safe_kernel_fully_connected_s8, from packed weights.
 *
 * @param input [batches][depth]. @param weights Tiles of eight units in the order of
 * safe_dsp_dot8, filled with zeros to whole tiles and blocks. @param start Per tile 8 words, from
 * the bias with -input_zero_point * sum(weights) folded in. @param rescale Per unit, or once,
 * the words of a safe_dsp_rescale_t. @param scratch SAFE_DOT8_WORDS(blocks of depth) words.
 * @param output [batches][units], must not overlap the input.
 * `codegen/operators/fully_connected.py` packs, and proves the bounds of safe_dsp_dot8 and
 * safe_dsp_rescale; where they do not hold it calls the reference kernel.
 */
void safe_kernel_fully_connected_s8_dsp(const safe_fully_connected_dsp_params_t *params,
                                        const int8_t *input, const uint32_t *weights,
                                        const int32_t *start, const int32_t *rescale, void *scratch,
                                        int8_t *output);

#endif
