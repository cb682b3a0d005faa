/* SPDX-License-Identifier: Apache-2.0 */
/** @file batch_matmul.h Products of int8 matrices that are computed, batch by batch. */
#ifndef SAFE_KERNEL_BATCH_MATMUL_H
#define SAFE_KERNEL_BATCH_MATMUL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. Steps are in elements; a transposed operand has them exchanged. */
typedef struct safe_batch_matmul_params {
    int32_t batches;
    int32_t rows;
    int32_t columns;
    int32_t depth;       /**< Products of one sum. */
    int32_t row_step;    /**< From one row of the left operand to the next. */
    int32_t left_step;   /**< From one product to the next in the left operand. */
    int32_t column_step; /**< From one column of the right operand to the next. */
    int32_t right_step;  /**< From one product to the next in the right operand. */
    int32_t left_zero_point;
    int32_t right_zero_point;
    int32_t multiplier; /**< Multiplier of the sum; see safe_requantize. */
    int32_t shift;
    int32_t output_zero_point;
} safe_batch_matmul_params_t;

/**
 * output[b][i][j] = saturate(requantize(sum over k of left * right) + output_zero_point), with the
 * operands' distances from their zero points.
 *
 * The generator proves that the sum, shifted left where `shift` says so, fits into int32.
 * @param left, right The operands. @param starts [batches][2] first element of a batch in either.
 * @param output [batches][rows][columns], must not overlap the operands.
 * Source of the arithmetic: TFLM reference_ops::BatchMatMul, double rounding.
 */
void safe_kernel_batch_matmul_s8(const safe_batch_matmul_params_t *params, const int8_t *left,
                                 const int8_t *right, const int32_t *starts, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
