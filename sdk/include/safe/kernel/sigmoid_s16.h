/* SPDX-License-Identifier: Apache-2.0 */
/** @file sigmoid_s16.h int16 LOGISTIC and TANH of any scale by table and linear interpolation. */
#ifndef SAFE_KERNEL_SIGMOID_S16_H
#define SAFE_KERNEL_SIGMOID_S16_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_sigmoid_params {
    int32_t length;
    int32_t multiplier; /**< In [0, 32767]. */
    int32_t shift;      /**< In [0, 31]; the table's argument is value * multiplier / 2^shift. */
} safe_sigmoid_params_t;

/**
 * output[i] = sigmoid in Q0.15.
 *
 * @param input [length]. @param table SAFE_SIGMOID_ENTRIES values, see safe/kernel/sigmoid.h.
 * @param output [length], may be the input.
 * Source of the arithmetic: TFLM reference_integer_ops::Logistic for int16.
 */
void safe_kernel_logistic_s16(const safe_sigmoid_params_t *params, const int16_t *input,
                              const uint16_t *table, int16_t *output);

/** output[i] = tanh in Q0.15; otherwise like safe_kernel_logistic_s16. */
void safe_kernel_tanh_s16(const safe_sigmoid_params_t *params, const int16_t *input,
                          const uint16_t *table, int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
