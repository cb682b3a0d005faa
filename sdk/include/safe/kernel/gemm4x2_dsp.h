/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm4x2_dsp.h Products of groups of four rows of weights with two columns of values,
 * rescaled to int8. Rows are stored in pairs, see dot8_dsp.h. */
#ifndef SAFE_KERNEL_GEMM4X2_DSP_H
#define SAFE_KERNEL_GEMM4X2_DSP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of a group. */
#define SAFE_GEMM4X2_ROWS 4

/** Words of both columns' expanded values: per block (a0, b0, a1, b1), where a0 holds the values
 * k and k + 2 of column a as int16, and a1 the values k + 1 and k + 3. */
#define SAFE_GEMM4X2_WORDS(blocks) (4u * (blocks))

/** Words of a group of weights: what the sums start from as safe_dsp_dot8 has it (4), per block
 * two pairs of rows for k and k + 2, then for k + 1 and k + 3 (4), of each row a multiplier and
 * its right shift less 1 (8): the safe_dsp_rescale_t with the addend left out. */
#define SAFE_GEMM4X2_GROUP_WORDS(blocks) (12u + 4u * (blocks))

/** Bytes of the assembly loop's body for one block: 24 instructions of 4 bytes. */
#define SAFE_GEMM4X2_BLOCK_CODE_BYTES 96

/** Extent of the product, and where it goes. The assembly reads the fields by their order. */
typedef struct safe_gemm4x2 {
    uint32_t groups;    /**< At least 1. */
    uint32_t blocks;    /**< Number of blocks of four values; at least 1. */
    int8_t *outputs[2]; /**< Outputs of column a and b: 4 * groups values each; may be the same. */
    int32_t zero_point; /**< 2 * the outputs' zero point + 1: the addend is this << (shift - 1). */
} safe_gemm4x2_t;

/**
 * outputs[c][r] = sat8(rescale(start[r] + values of column c . weights[r])).
 *
 * @param weights groups * SAFE_GEMM4X2_GROUP_WORDS words. @param values SAFE_GEMM4X2_WORDS words,
 * both aligned to 4 bytes. Bounds as for safe_dsp_dot8 and safe_dsp_rescale.
 */
void safe_dsp_gemm4x2(const uint32_t *weights, const uint32_t *values,
                      const safe_gemm4x2_t *extent);

#ifdef __cplusplus
}
#endif

#endif
