/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_rv32.h int8 matrix product, for RV32IM. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_RV32_H
#define SAFE_KERNEL_FULLY_CONNECTED_RV32_H

#include <stdint.h>

#include "safe/kernel/dense_row_rv32.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_fully_connected_rv32_params {
    int32_t batches; /**< Rows of input and output. */
    safe_dense_row_rv32_t row;
} safe_fully_connected_rv32_params_t;

/**
 * The same bytes as safe_kernel_fully_connected_s8, from packed weights.
 *
 * @param input [batches][row.depth]. @param weights, start, multiplier, shift See
 * safe_dense_weights_rv32_t; the start is the bias with -input_zero_point * sum(weights) folded in.
 * @param output [batches][row.units], must not overlap the input.
 * `codegen/backends/native/rv32/packing.py` packs, and proves the bounds of safe_rv32_rescale;
 * where they do not hold the reference kernel is called.
 */
void safe_kernel_fully_connected_s8_rv32(const safe_fully_connected_rv32_params_t *params,
                                         const int8_t *input, const int8_t *weights,
                                         const void *start, const int32_t *multiplier,
                                         const int8_t *shift, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
