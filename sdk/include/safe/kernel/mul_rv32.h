/* SPDX-License-Identifier: Apache-2.0 */
/** @file mul_rv32.h Product of two int8 tensors with broadcasting, for RV32. */
#ifndef SAFE_KERNEL_MUL_RV32_H
#define SAFE_KERNEL_MUL_RV32_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. With the right shift s of safe_mul_element_t, in [1, 21], and the number
 * of fraction bits j = min(15, 23 - s): */
typedef struct safe_mul_rv32_params {
    safe_broadcast_t walk; /**< Walk whose step1 is 1. */
    int32_t zero_point1;
    int32_t zero_point2;
    int32_t scale;      /**< 2^j */
    int32_t multiplier; /**< That of safe_mul_element_t, in [2^30, 2^31). */
    int32_t addend;     /**< 2^(s + j - 2) + 2^(j - 2) + zero_point * 2^(s + j - 1) */
    int32_t shift;      /**< s + j - 1, at most 22 */
    int32_t low;        /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_mul_rv32_params_t;

/**
 * The same bytes as safe_kernel_mul_s8.
 *
 * @param input1, input2, output See there; input1 repeats along no axis of a run.
 * `codegen/backends/native/rv32/mul.py` makes the constants, and exchanges the inputs where the
 * first one repeats.
 */
void safe_kernel_mul_s8_rv32(const safe_mul_rv32_params_t *params, const int8_t *input1,
                             const int8_t *input2, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
