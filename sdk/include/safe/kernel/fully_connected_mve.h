/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_mve.h int8 matrix product, for the M-profile vector extension. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_MVE_H
#define SAFE_KERNEL_FULLY_CONNECTED_MVE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_fully_connected_mve_params {
    int32_t batches;           /**< Rows of input and output. */
    int32_t depth;             /**< Weights of each output. */
    int32_t units;             /**< Number of outputs. */
    int32_t rescale_step;      /**< 4: multiplier and shift per output; 0: one pair for all. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_fully_connected_mve_params_t;

/**
 * The same bytes as safe_kernel_fully_connected_s8, from packed weights.
 *
 * @param input [batches][depth]. @param weights Tiles of four outputs for safe_mve_dot4, filled
 * with zeros; aligned to 4 bytes. @param start Bias of each output with -input_zero_point *
 * sum(weights) folded in, filled to a multiple of four; so are
 * multiplier and shift of each output, as safe_mve_requantize has them. Where one pair serves all
 * outputs, it is there four times.
 * @param scratch 16 bytes for every block of 16 values where depth is no multiple of 16.
 * @param output [batches][units], must not overlap the input.
 * `codegen/backends/native/mve/fully_connected.py` packs, and proves the bounds; where they do not
 * hold another kernel is called.
 */
void safe_kernel_fully_connected_s8_mve(const safe_fully_connected_mve_params_t *params,
                                        const int8_t *input, const int8_t *weights,
                                        const int32_t *start, const int32_t *multiplier,
                                        const int8_t *shift, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
