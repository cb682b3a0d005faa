/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row_rv32.h One row of int8 outputs, each from the same values, for RV32IM: what a
 * matrix product and a convolution by single positions share. */
#ifndef SAFE_KERNEL_DENSE_ROW_RV32_H
#define SAFE_KERNEL_DENSE_ROW_RV32_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of a row of outputs. */
typedef struct safe_dense_row_rv32 {
    int32_t depth;             /**< Weights of each output. */
    int32_t units;             /**< Number of outputs. */
    int32_t start_is_short;    /**< 1: `start` is int16_t; 0: int32_t. */
    int32_t rescale_step;      /**< 1: multiplier and shift per output; 0: one pair for all. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_dense_row_rv32_t;

/** Weights and scales of a row of outputs. */
typedef struct safe_dense_weights_rv32 {
    const int8_t *weights;     /**< Tiles of eight outputs for safe_rv32_dot8, filled with zeros. */
    const void *start;         /**< What the sums start from, 8 per tile. */
    const int32_t *multiplier; /**< Multiplier as in safe_rv32_rescale_t. */
    const int8_t *shift;       /**< [1, 30]: right */
} safe_dense_weights_rv32_t;

/** output[u] = clamp(requantize(start[u] + sum_k values[k] * weights[u][k]) + zero point).
 * @param values [row->depth] @param output row->units values. */
void safe_rv32_dense_row(const safe_dense_row_rv32_t *row,
                         const safe_dense_weights_rv32_t *constants, const int8_t *values,
                         int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
