/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row.h One row of int8 outputs, each from the same values: what a matrix product and
 * a convolution by single positions share. */
#ifndef SAFE_KERNEL_DENSE_ROW_H
#define SAFE_KERNEL_DENSE_ROW_H

#include <stdint.h>

/** Constants of a row of outputs. */
typedef struct safe_dense_row {
    int32_t depth;             /**< Weights of each output. */
    int32_t units;             /**< Outputs. */
    int32_t rescale_step;      /**< 1: multiplier and shift per output; 0: one pair for all. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_dense_row_t;

#endif
