/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm2x3_mve.h Products of pairs of rows of weights with three columns of values, and their
 * rescaling to int8. */
#ifndef SAFE_KERNEL_GEMM2X3_MVE_H
#define SAFE_KERNEL_GEMM2X3_MVE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Columns of a tile. */
#define SAFE_GEMM2X3_COLUMNS 3

/** Rows whose sums are kept together, at most. */
#define SAFE_GEMM2X3_ROWS 32

/** Bytes of a pair of rows: what the sums start from, and per block 16 weights of each row. */
#define SAFE_GEMM2X3_PAIR_BYTES(blocks) (8u + 32u * (blocks))

/** Extent of the product. The assembly reads the fields by their order. */
typedef struct safe_gemm2x3 {
    const int8_t *columns[SAFE_GEMM2X3_COLUMNS]; /**< 16 * blocks values each; may be the same. */
    int32_t *sums;                               /**< [SAFE_GEMM2X3_COLUMNS][SAFE_GEMM2X3_ROWS] */
    uint32_t blocks;                             /**< Blocks of 16 values; at least 1. */
    uint32_t pairs;                              /**< [1, SAFE_GEMM2X3_ROWS / 2] */
} safe_gemm2x3_t;

/** Scales and limits of the outputs of a column. */
typedef struct safe_mve_scales {
    const int32_t *multiplier; /**< As safe_mve_requantize has it; filled to a multiple of four. */
    const int8_t *shift;
    int32_t zero_point;
    int32_t low; /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_mve_scales_t;

/**
 * sums[c][r] = start[r] + values of column c . weights[r]; returns the end of the weights.
 *
 * @param weights `pairs` times SAFE_GEMM2X3_PAIR_BYTES, aligned to 4 bytes; weights beyond the last
 * value are 0.
 */
const int8_t *safe_mve_gemm2x3(const int8_t *weights, const safe_gemm2x3_t *extent);

/** outputs[c][r] = clamp(requantize(sums[c][r]) + zero point) for r in [0, rows).
 * @param sums As above. @param outputs The same pointer twice is written twice alike. */
void safe_mve_rescale3(const int32_t *sums, int32_t rows, const safe_mve_scales_t *scales,
                       int8_t *const outputs[SAFE_GEMM2X3_COLUMNS]);

#ifdef __cplusplus
}
#endif

#endif
