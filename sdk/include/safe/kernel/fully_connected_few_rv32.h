/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_few_rv32.h int8 matrix product with few outputs, for RV32IM: four rows at
 * a time, at the end two where no more are left, in less code than tiles of eight. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_FEW_RV32_H
#define SAFE_KERNEL_FULLY_CONNECTED_FEW_RV32_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of a tile; the last has two where one or two rows are left. */
#define SAFE_FEW_RV32_ROWS 4

/** Constants of one call. */
typedef struct safe_fully_connected_few_rv32_params {
    int32_t batches; /**< Rows of input and output. */
    int32_t depth;   /**< Weights of each output, at least 1. */
    int32_t units;
    int32_t rescale_step;      /**< 1: multiplier and shift per output; 0: one pair for all. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_fully_connected_few_rv32_params_t;

/**
 * The same bytes as safe_kernel_fully_connected_s8, from packed weights.
 *
 * @param input [batches][depth]. @param weights Tiles of four rows, the last of two where that is
 * enough: of each value the weights of all rows. @param start For each row of the tiles: bias with
 * -input_zero_point * sum(weights) folded in. @param multiplier As in safe_rv32_rescale_t.
 * @param shift [1, 30]: right. @param output [batches][units], must not overlap the input.
 * `codegen/backends/native/rv32/fully_connected.py` packs and proves the bounds of
 * safe_rv32_rescale.
 */
void safe_kernel_fully_connected_few_s8_rv32(const safe_fully_connected_few_rv32_params_t *params,
                                             const int8_t *input, const int8_t *weights,
                                             const int32_t *start, const int32_t *multiplier,
                                             const int8_t *shift, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
