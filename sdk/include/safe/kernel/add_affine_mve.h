/* SPDX-License-Identifier: Apache-2.0 */
/** @file add_affine_mve.h Sum and difference of two int8 tensors as one affine expression, for the
 * M-profile vector extension. */
#ifndef SAFE_KERNEL_ADD_AFFINE_MVE_H
#define SAFE_KERNEL_ADD_AFFINE_MVE_H

#include "safe/kernel/add_affine.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Does what safe_kernel_add_affine_s8 does, four elements at a time. */
void safe_kernel_add_affine_s8_mve(const safe_add_affine_params_t *params, const int8_t *input1,
                                   const int8_t *input2, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
