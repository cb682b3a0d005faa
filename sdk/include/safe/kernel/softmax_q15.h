/* SPDX-License-Identifier: Apache-2.0 */
/** @file softmax_q15.h Softmax of int16 values. */
#ifndef SAFE_KERNEL_SOFTMAX_Q15_H
#define SAFE_KERNEL_SOFTMAX_Q15_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Entries of a table. */
#define SAFE_SOFTMAX_Q15_ENTRIES 513

/** Constants of one call. */
typedef struct safe_softmax_q15_params {
    int32_t rows;
    int32_t depth;      /**< At most 65535: the sum of the exponentials fits into int32. */
    int32_t multiplier; /**< Factor of a difference, 65535 steps of which are 10. */
    int32_t shift;      /**< See safe_requantize. */
} safe_softmax_q15_params_t;

/**
 * output[r][d] = exp(input[r][d]) / sum over d of exp(input[r][d]), in Q0.15.
 *
 * @param input [rows][depth], zero point 0. @param exponentials
 * [SAFE_SOFTMAX_Q15_ENTRIES] exp(x) in Q0.15 for x from -10 to 0. @param reciprocals
 * [SAFE_SOFTMAX_Q15_ENTRIES] 1 / (1 + x) in Q0.15 for x from 0 to 1. @param output [rows][depth],
 * may be the input. The generator proves that a difference, shifted left where `shift` says so,
 * fits into int32. Source of the arithmetic: TFLM reference_ops::SoftmaxInt16.
 */
void safe_kernel_softmax_q15(const safe_softmax_q15_params_t *params, const int16_t *input,
                             const int16_t *exponentials, const int16_t *reciprocals,
                             int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
