/* SPDX-License-Identifier: Apache-2.0 */
/** @file mean.h Mean or sum over any axes, with another scale. */
#ifndef SAFE_KERNEL_MEAN_H
#define SAFE_KERNEL_MEAN_H

#include <stdint.h>

#include "safe/kernel/reduction.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_mean_params {
    safe_reduction_t loops;
    int32_t start;             /**< -input zero point * number of summed elements. */
    int32_t multiplier;        /**< Input scale / output scale, for a mean / that number. */
    int32_t shift;             /**< See safe_requantize. */
    int32_t output_zero_point; /**< In the range of the type. */
} safe_mean_params_t;

/**
 * output[i] = saturate(requantize(start + sum of the inputs) + output_zero_point).
 *
 * @param input The whole tensor. @param output One value for each kept index, must not overlap the
 * input. The generator proves |sum - number * input zero point| * 2^max(shift, 0) < 2^31. Source of
 * the arithmetic: TFLM reference_ops::QuantizedMeanOrSum: the number of elements divides the
 * integer multiplier, not the sum; double rounding.
 */
void safe_kernel_mean_s8(const safe_mean_params_t *params, const int8_t *input, int8_t *output);

/** Does what safe_kernel_mean_s8 does, for int16. */
void safe_kernel_mean_s16(const safe_mean_params_t *params, const int16_t *input, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
