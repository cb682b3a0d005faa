/* SPDX-License-Identifier: Apache-2.0 */
/** @file extreme.h Larger or smaller of two tensors at one scale, with broadcasting. */
#ifndef SAFE_KERNEL_EXTREME_H
#define SAFE_KERNEL_EXTREME_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What one element needs. */
typedef struct safe_extreme_element {
    int32_t sign; /**< 1: the larger value wins; -1: the smaller. */
    int32_t low;  /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_extreme_element_t;

/** Constants of one call. */
typedef struct safe_extreme_params {
    safe_broadcast_t walk;
    safe_extreme_element_t element;
} safe_extreme_params_t;

/**
 * output = clamp(input1 or input2, whichever wins), element by element.
 *
 * @param input1, input2 Walked as `walk` says; both have the scale and zero point of the output.
 * @param output [rows][length]; may be an input that does not repeat.
 * Source of the arithmetic: TFLM's maximum_minimum, which compares the integers as they are.
 */
void safe_kernel_extreme_s8(const safe_extreme_params_t *params, const int8_t *input1,
                            const int8_t *input2, int8_t *output);

/** Does what safe_kernel_extreme_s8 does, for int16. */
void safe_kernel_extreme_s16(const safe_extreme_params_t *params, const int16_t *input1,
                             const int16_t *input2, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
