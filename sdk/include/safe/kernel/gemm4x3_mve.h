/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm4x3_mve.h Products of groups of four rows of weights with three columns of values,
 * rescaled to int8. */
#ifndef SAFE_KERNEL_GEMM4X3_MVE_H
#define SAFE_KERNEL_GEMM4X3_MVE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of a group. */
#define SAFE_GEMM4X3_ROWS 4

/** Columns of a tile. */
#define SAFE_GEMM4X3_COLUMNS 3

/** Bytes of a group: for rows 0 and 2, then for rows 1 and 3, what two sums start from, and per
 * block 16 weights of each row; then four multipliers, and four shifts of one byte. */
#define SAFE_GEMM4X3_GROUP_BYTES(blocks) (36u + 64u * (blocks))

/** Extent of the product, and where it goes. The assembly reads the fields by their order. */
typedef struct safe_gemm4x3 {
    /** 16 * blocks values each; may be the same. */
    const int8_t *columns[SAFE_GEMM4X3_COLUMNS];
    uint32_t blocks; /**< Number of blocks of 16 values; at least 1. */
    int32_t rows;    /**< At least 1; the last group is filled with any rows. */
    /** Outputs of each column, `rows` each; may be the same. */
    int8_t *outputs[SAFE_GEMM4X3_COLUMNS];
    int32_t zero_point; /**< Zero point of the outputs. */
    int32_t low;        /**< Limits of the outputs, including a fused activation. */
    int32_t high;
} safe_gemm4x3_t;

/**
 * outputs[c][r] = clamp(requantize(start[r] + values of column c . weights[r]) + zero point).
 *
 * @param weights SAFE_GEMM4X3_GROUP_BYTES for each group, aligned to 4 bytes; weights beyond the
 * last value are 0. Scales as safe_mve_requantize has them, and its bounds.
 * @param extent `outputs` are moved.
 */
void safe_mve_gemm4x3(const int8_t *weights, safe_gemm4x3_t *extent);

#ifdef __cplusplus
}
#endif

#endif
