/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_s16.h Matrix product of int16 values with int8 weights. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_S16_H
#define SAFE_KERNEL_FULLY_CONNECTED_S16_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call; all zero points are 0. */
typedef struct safe_fully_connected_s16_params {
    int32_t batches;         /**< Rows of input and output. */
    int32_t depth;           /**< Elements of an input row. */
    int32_t units;           /**< Elements of an output row. */
    int32_t wide;            /**< See safe_rescale_sum. */
    int32_t requantize_step; /**< 1: multiplier and shift per unit; 0: one pair for all. */
    int32_t output_min;      /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_fully_connected_s16_params_t;

/**
 * output[b][u] = clamp(rescale(bias[u] + sum_k input[b][k] * weights[u][k])).
 *
 * @param input [batches][depth]. @param weights [units][depth]. @param bias [units].
 * @param multiplier, shift See safe_rescale_sum. @param output [batches][units], must not overlap
 * the input. Source of the arithmetic: TFLM reference_integer_ops::FullyConnected for int16.
 */
void safe_kernel_fully_connected_s16(const safe_fully_connected_s16_params_t *params,
                                     const int16_t *input, const int8_t *weights,
                                     const int64_t *bias, const int32_t *multiplier,
                                     const int8_t *shift, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
