/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row_rv32.h One row of int8 outputs, each from the same values, for RV32IM. */
#ifndef SAFE_KERNEL_DENSE_ROW_RV32_H
#define SAFE_KERNEL_DENSE_ROW_RV32_H

#include <stdint.h>

#include "safe/kernel/dense_row.h"

/** Weights and scales of a row of outputs. */
typedef struct safe_dense_weights_rv32 {
    const int8_t *weights;     /**< Tiles of eight outputs for safe_rv32_dot8, filled with zeros. */
    const int32_t *start;      /**< 8 words per tile, see safe_rv32_dot8. */
    const int32_t *multiplier; /**< As in safe_rv32_rescale_t. */
    const int8_t *shift;       /**< [1, 30]: right */
} safe_dense_weights_rv32_t;

/** output[u] = clamp(requantize(start[u] + sum_k values[k] * weights[u][k]) + zero point).
 * @param values [row->depth] @param output row->units values. */
void safe_rv32_dense_row(const safe_dense_row_t *row, const safe_dense_weights_rv32_t *constants,
                         const int8_t *values, int8_t *output);

#endif
