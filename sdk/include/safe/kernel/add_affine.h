/* SPDX-License-Identifier: Apache-2.0 */
/** @file add_affine.h Sum and difference of two int8 tensors as one affine expression. */
#ifndef SAFE_KERNEL_ADD_AFFINE_H
#define SAFE_KERNEL_ADD_AFFINE_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_add_affine_params {
    safe_broadcast_t walk;
    int32_t factor1; /**< Factor of input1, with 21 fraction bits. */
    int32_t factor2;
    int32_t start; /**< All zero points, and what rounds. */
    int32_t low;   /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_add_affine_params_t;

/**
 * output = clamp(floor((input1 * factor1 + input2 * factor2 + start) / 2^21)), element by element.
 *
 * The same bytes as safe_kernel_add_s8, with one rounding instead of four:
 * `codegen/backends/native/shared/add.py` finds constants that give them for all 65,536 pairs of
 * values, and proves that no sum leaves int32; where there are none, that kernel is called.
 * @param input1, input2 Walked as `walk` says. @param output [rows][length]; may be an input that
 * does not repeat.
 */
void safe_kernel_add_affine_s8(const safe_add_affine_params_t *params, const int8_t *input1,
                               const int8_t *input2, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
