/* SPDX-License-Identifier: Apache-2.0 */
/** @file softmax_s16.h int8 softmax over the last axis with an int16 result. */
#ifndef SAFE_KERNEL_SOFTMAX_S16_H
#define SAFE_KERNEL_SOFTMAX_S16_H

#include <stdint.h>

#include "safe/kernel/softmax_row.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * output[r][i] = softmax(beta * scale * input[r])[i] * 65536 - 32768, saturated.
 *
 * @param input, exponentials As for safe_kernel_softmax_s8. @param output [rows][depth], scale
 * 1/65536 and zero point -32768; must not overlap the input.
 */
void safe_kernel_softmax_s8_s16(const safe_softmax_params_t *params, const int8_t *input,
                                const int32_t *exponentials, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
