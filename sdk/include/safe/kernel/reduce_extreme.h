/* SPDX-License-Identifier: Apache-2.0 */
/** @file reduce_extreme.h Largest or smallest int8 value over any axes. */
#ifndef SAFE_KERNEL_REDUCE_EXTREME_H
#define SAFE_KERNEL_REDUCE_EXTREME_H

#include <stdint.h>

#include "safe/kernel/reduction.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_reduce_extreme_params {
    safe_reduction_t loops;
    int32_t sign; /**< 1: the largest value wins; -1: the smallest. */
} safe_reduce_extreme_params_t;

/**
 * output[i] = the largest or smallest of its inputs, which have its scale and zero point.
 *
 * @param input The whole tensor. @param output One value for each kept index, must not overlap the
 * input. Source of the arithmetic: TFLM's EvalMinMaxHelper.
 */
void safe_kernel_reduce_extreme_s8(const safe_reduce_extreme_params_t *params, const int8_t *input,
                                   int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
