/* SPDX-License-Identifier: Apache-2.0 */
/** @file softmax.h int8 softmax over the last axis. */
#ifndef SAFE_KERNEL_SOFTMAX_H
#define SAFE_KERNEL_SOFTMAX_H

#include <stdint.h>

#include "safe/kernel/softmax_row.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * output[r][i] = softmax(beta * scale * input[r])[i] * 256 - 128, saturated.
 *
 * @param input [rows][depth]. @param exponentials [entries] exp(-d * beta * scale) in Q0.31 for a
 * difference of d to the row's maximum, from `codegen/operators/reduction/softmax.py`. @param
 * output [rows][depth], scale 1/256 and zero point -128; may be the input. A row whose exponentials
 * sum to 512 or more gives -128 (TFLM stops the program there).
 */
void safe_kernel_softmax_s8(const safe_softmax_params_t *params, const int8_t *input,
                            const int32_t *exponentials, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
