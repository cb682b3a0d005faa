/* SPDX-License-Identifier: Apache-2.0 */
/** @file lookup.h Any function of one int8 value, by a table of all 256 results.
 *
 * Every int8 unary operator (LOGISTIC, TANH, RELU, ...), every chain of them, and int8 arithmetic
 * with one constant operand is such a function: the generator evaluates it 256 times.
 */
#ifndef SAFE_KERNEL_LOOKUP_H
#define SAFE_KERNEL_LOOKUP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_lookup_params {
    int32_t length; /**< Elements. */
} safe_lookup_params_t;

/**
 * output[i] = table[(uint8_t)input[i]].
 *
 * @param input [length]. @param table 256 results: those of 0 to 127, then of -128 to -1.
 * @param output [length], may be the input.
 */
void safe_kernel_lookup_s8(const safe_lookup_params_t *params, const int8_t *input,
                           const int8_t *table, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
