/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_rv32.h int8 matrix product, for RV32IM. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_RV32_H
#define SAFE_KERNEL_FULLY_CONNECTED_RV32_H

#include <stdint.h>

#include "safe/kernel/rv32.h"

/** Constants of one call. */
typedef struct safe_fully_connected_rv32_params {
    int32_t batches;      /**< Rows of input and output. */
    int32_t depth;        /**< Weights of each output. */
    int32_t units;        /**< Outputs of a row. */
    int32_t rescale_step; /**< 1: a rescaling per output; 0: one for all. */
    int32_t output_min;   /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_fully_connected_rv32_params_t;

/**
 * The same bytes as safe_kernel_fully_connected_s8, from packed weights.
 *
 * @param input [batches][depth]. @param weights Tiles of eight outputs for safe_rv32_dot8, filled
 * with zeros. @param start 8 words per tile: bias with -input_zero_point * sum(weights) folded in.
 * @param rescale safe_rv32_rescale_t as words, one for each output or one for all. @param output
 * [batches][units], must not overlap the input. `codegen/operators/_rv32.py` packs, and proves the
 * bounds of safe_rv32_rescale; where they do not hold the reference kernel is called.
 */
void safe_kernel_fully_connected_s8_rv32(const safe_fully_connected_rv32_params_t *params,
                                         const int8_t *input, const int8_t *weights,
                                         const int32_t *start, const int32_t *rescale,
                                         int8_t *output);

#endif
