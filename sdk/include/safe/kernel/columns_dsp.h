/* SPDX-License-Identifier: Apache-2.0 */
/** @file columns_dsp.h Two columns of values for the tile of four rows, and all rows of a matrix
 * with them: what convolutions in two dimensions and in one share. */
#ifndef SAFE_KERNEL_COLUMNS_DSP_H
#define SAFE_KERNEL_COLUMNS_DSP_H

#include <stdint.h>

#include "safe/kernel/gemm4x2_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Expands both columns side by side, as safe_dsp_gemm4x2 reads them.
 * @param a, b `length` bytes each, of any alignment. @param length A multiple of 4.
 * @param words Aligned to 4 bytes. @return The word behind the columns. */
uint32_t *safe_dsp_expand_two(const int8_t *a, const int8_t *b, int32_t length, uint32_t *words);

/** All outputs of two positions from their columns.
 * @param extent `groups` counts for nothing: it follows from `channels`, which need no multiple of
 * four. */
static inline void safe_dsp_multiply_two(const uint32_t *weights, const uint32_t *words,
                                         safe_gemm4x2_t extent, int32_t channels)
{
    /* Groups of four channels; what is left over is a group filled with weights of 0. */
    const int32_t whole = channels / SAFE_GEMM4X2_ROWS;
    const int32_t rest = channels % SAFE_GEMM4X2_ROWS;
    if (whole > 0) {
        extent.groups = (uint32_t)whole;
        safe_dsp_gemm4x2(weights, words, &extent);
    }
    if (rest > 0) {
        /* By way of a buffer, so that nothing is written past the position. */
        int8_t last[2][SAFE_GEMM4X2_ROWS];
        const safe_gemm4x2_t group = {1, extent.blocks, {last[0], last[1]}, extent.zero_point};
        const uint32_t words_before = SAFE_GEMM4X2_GROUP_WORDS(extent.blocks) * (uint32_t)whole;
        safe_dsp_gemm4x2(&weights[words_before], words, &group);
        for (int32_t k = 0; k < rest; k++) {
            extent.outputs[0][channels - rest + k] = last[0][k];
            extent.outputs[1][channels - rest + k] = last[1][k];
        }
    }
}

#ifdef __cplusplus
}
#endif

#endif
