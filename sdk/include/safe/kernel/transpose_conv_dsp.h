/* SPDX-License-Identifier: Apache-2.0 */
/** @file transpose_conv_dsp.h int8 transposed convolution of few channels, for the DSP extension:
 * what two input positions see is read once for all outputs between them and the next ones. */
#ifndef SAFE_KERNEL_TRANSPOSE_CONV_DSP_H
#define SAFE_KERNEL_TRANSPOSE_CONV_DSP_H

#include <stdint.h>

#include "safe/kernel/columns_dsp.h"
#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Largest stride along y. */
#define SAFE_TRANSPOSE_CONV_DSP_LINES 4

/** One of the lines of outputs that belong to a line of positions: the taps of its own are some
 * lines of the window. */
typedef struct safe_transpose_conv_line {
    uint32_t values;  /**< Word of the columns at which they start. */
    uint32_t weights; /**< Word at which its weights start. */
    uint32_t blocks;  /**< Blocks of four taps, at least 1. */
} safe_transpose_conv_line_t;

/** Constants of one call: a convolution whose channels are all outputs between two positions. */
typedef struct safe_transpose_conv_dsp_params {
    int32_t batches;
    int32_t input_channels; /**< A multiple of 4. */
    safe_conv_axis_t y;     /**< The convolution along y; stride and dilation are 1. */
    safe_conv_axis_t x;     /**< The convolution along x; the dilation is 1. */
    int32_t lines;          /**< Lines of outputs for each line of positions: the stride along y. */
    int32_t output_lines;   /**< Height of the output, more than lines * (y.output - 1). */
    int32_t groups;         /**< Groups of four bytes that a position has in a line of outputs. */
    safe_transpose_conv_line_t line[SAFE_TRANSPOSE_CONV_DSP_LINES];
    int32_t input_zero_point;  /**< [-128, 127] */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_transpose_conv_dsp_params_t;

/**
 * The same bytes as safe_kernel_transpose_conv_s8, from packed weights.
 *
 * @param input [batches][y.size][x.size][input_channels].
 * @param weights For each line the groups of four rows as safe_dsp_gemm4x2 reads them; a row is a
 * place between two positions and a channel, and its taps are in the order [lines of the window
 * that the line has][x.kernel][input_channels]; the sums start from the bias with
 * -input_zero_point * sum(weights) folded in.
 * @param scratch Aligned to 4: 16 bytes for each block of four taps of the window; where it looks
 * beyond the input, behind it the bytes of all positions that are seen.
 * @param output [batches][output_lines][x.output][4 * groups], must not overlap the input.
 * `codegen/backends/native/dsp/transpose_conv.py` packs, and proves the bounds.
 */
void safe_kernel_transpose_conv_s8_dsp(const safe_transpose_conv_dsp_params_t *params,
                                       const int8_t *input, const uint32_t *weights, void *scratch,
                                       int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
