/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected.h int8 matrix product. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_H
#define SAFE_KERNEL_FULLY_CONNECTED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_fully_connected_params {
    int32_t batches;           /**< Rows of input and output. */
    int32_t depth;             /**< Elements of an input row. */
    int32_t units;             /**< Elements of an output row. */
    int32_t requantize_step;   /**< 1: multiplier and shift per unit; 0: one pair for all. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_fully_connected_params_t;

/**
 * output[b][u] = clamp(requantize(bias[u] + sum_k input[b][k] * weights[u][k]) + zero point).
 *
 * @param input [batches][depth]. @param weights [units][depth], any int8; in the order that this
 * variant of the kernel reads, chosen by `codegen/operators/linear/fully_connected.py`.
 * @param bias [units] with -input_zero_point * sum(weights) folded in. The generator proves
 * |bias[u]| + 128 * sum_k |weights[u][k]| < 2^31, and the same times 2^shift for a left shift.
 * @param multiplier, shift See safe_requantize. @param scratch Size from the generator; unused
 * here. @param output [batches][units], must not overlap the input.
 * Source of the arithmetic: TFLM reference_integer_ops::FullyConnected, double rounding.
 */
void safe_kernel_fully_connected_s8(const safe_fully_connected_params_t *params,
                                    const int8_t *input, const int8_t *weights, const int32_t *bias,
                                    const int32_t *multiplier, const int8_t *shift, void *scratch,
                                    int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
