/* SPDX-License-Identifier: Apache-2.0 */
/** @file prelu.h Rectifier with a slope for each channel below 0. */
#ifndef SAFE_KERNEL_PRELU_H
#define SAFE_KERNEL_PRELU_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What one element needs. */
typedef struct safe_prelu_element {
    int32_t zero_point1;      /**< Zero point of the values. */
    int32_t zero_point2;      /**< Zero point of the slopes. */
    int32_t multiplier_above; /**< For values from 0 on; see safe_requantize. */
    int32_t shift_above;
    int32_t multiplier_below; /**< For products of a value below 0 and its slope. */
    int32_t shift_below;
    int32_t zero_point;
    int32_t low;
    int32_t high;
} safe_prelu_element_t;

/** Constants of one call. */
typedef struct safe_prelu_params {
    safe_broadcast_t walk;
    safe_prelu_element_t element;
} safe_prelu_params_t;

/**
 * output = clamp(requantize(value or value * slope) + zero_point), element by element.
 *
 * The generator proves that value and product, shifted left where a shift says so, fit into int32.
 * @param input Values, walked as `walk` says. @param slopes Walked likewise.
 * @param output [rows][length]; may be an input that does not repeat.
 * Source of the arithmetic: TFLM reference_ops::BroadcastPrelu4DSlow, double rounding.
 */
void safe_kernel_prelu_s8(const safe_prelu_params_t *params, const int8_t *input,
                          const int8_t *slopes, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
