/* SPDX-License-Identifier: Apache-2.0 */
/** @file mean.h int8 mean over any axes, with another scale. */
#ifndef SAFE_KERNEL_MEAN_H
#define SAFE_KERNEL_MEAN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One loop over the input. */
typedef struct safe_mean_axis {
    int32_t count; /**< At least 1. */
    int32_t step;  /**< Elements from one index to the next. */
} safe_mean_axis_t;

/** Constants of one call: neighbouring axes of one sort are joined to one. */
typedef struct safe_mean_params {
    safe_mean_axis_t kept0; /**< Axes of the output, outermost first. */
    safe_mean_axis_t kept1;
    safe_mean_axis_t kept2;
    safe_mean_axis_t reduced0; /**< Axes that are summed, outermost first. */
    safe_mean_axis_t reduced1;
    safe_mean_axis_t reduced2;
    int32_t start;             /**< -input zero point * number of summed elements. */
    int32_t multiplier;        /**< Input scale / (output scale * that number). */
    int32_t shift;             /**< See safe_requantize. */
    int32_t output_zero_point; /**< [-128, 127] */
} safe_mean_params_t;

/**
 * output[i] = saturate(requantize(start + sum of the inputs) + output_zero_point).
 *
 * @param input The whole tensor. @param output [kept0][kept1][kept2], must not overlap the input.
 * The generator proves |sum - number * input zero point| * 2^max(shift, 0) < 2^31.
 * Source of the arithmetic: TFLM reference_ops::QuantizedMeanOrSum: the number of elements divides
 * the integer multiplier, not the sum; double rounding.
 */
void safe_kernel_mean_s8(const safe_mean_params_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
