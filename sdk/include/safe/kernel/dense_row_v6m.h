/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row_v6m.h One row of int8 outputs, each from the same values, for Armv6-M. */
#ifndef SAFE_KERNEL_DENSE_ROW_V6M_H
#define SAFE_KERNEL_DENSE_ROW_V6M_H

#include <stdint.h>

#include "safe/kernel/dot8_v6m.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of a row of outputs. */
typedef struct safe_dense_row_v6m {
    int32_t depth;             /**< Weights of each output. */
    int32_t vectors;           /**< Vectors of safe_v6m_widen that hold `depth` values. */
    int32_t vector;            /**< Values of each, an even number. */
    int32_t units;             /**< Number of outputs. */
    int32_t rescale_step;      /**< 1: multiplier and shift per output; 0: one pair for all. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_dense_row_v6m_t;

/** Weights and scales of a row of outputs. */
typedef struct safe_dense_weights_v6m {
    const uint32_t *weights;   /**< Tiles of eight outputs, the last one filled with zeros: the
                                    weights of each vector of values after the other. */
    const uint32_t *start;     /**< What the sums of each tile start from: see safe_v6m_dot8. */
    const int32_t *multiplier; /**< Multiplier as in safe_v6m_rescale_t. */
    const int8_t *shift;       /**< [1, 30]: right */
} safe_dense_weights_v6m_t;

/** output[u] = clamp(requantize(start[u] + sum_k values[k] * weights[u][k]) + zero point).
 * @param values As safe_v6m_widen writes row->depth of them in vectors of row->vector.
 * @param output row->units values. */
void safe_v6m_dense_row(const safe_dense_row_v6m_t *row, const safe_dense_weights_v6m_t *constants,
                        const int32_t *values, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
