/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_weights_dsp.h Constants of one row of int8 outputs, for the DSP extension. */
#ifndef SAFE_KERNEL_DENSE_WEIGHTS_DSP_H
#define SAFE_KERNEL_DENSE_WEIGHTS_DSP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of a row of outputs. */
typedef struct safe_dense_row {
    int32_t depth;             /**< Weights of each output, at most 8188. */
    int32_t units;             /**< Number of outputs. */
    int32_t rescale_step;      /**< 1: multiplier and shift per output; 0: one pair for all. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_dense_row_t;

/** Weights and scales of a row of outputs. */
typedef struct safe_dense_weights {
    const uint32_t *weights;   /**< Tiles of eight outputs for safe_dsp_dot8, filled with zeros. */
    const int32_t *start;      /**< 8 words per tile, see safe_dsp_dot8. */
    const int32_t *multiplier; /**< Multiplier as in safe_dsp_rescale_t. */
    const int8_t *shift;       /**< [-30, -1], as for safe_requantize. */
} safe_dense_weights_t;

#ifdef __cplusplus
}
#endif

#endif
