/* SPDX-License-Identifier: Apache-2.0 */
/** @file pool_2d_mve.h int8 maximum and average over windows, for the M-profile vector extension.
 */
#ifndef SAFE_KERNEL_POOL_2D_MVE_H
#define SAFE_KERNEL_POOL_2D_MVE_H

#include "safe/kernel/pool_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most taps of a window whose mean safe_kernel_average_pool_2d_s8_mve takes. */
#define SAFE_POOL_2D_MVE_MAX_TAPS 256

/** Does what safe_kernel_max_pool_2d_s8 does, four channels at a time. */
void safe_kernel_max_pool_2d_s8_mve(const safe_pool_2d_params_t *params, const int8_t *input,
                                    int8_t *output);

/** Does what safe_kernel_average_pool_2d_s8 does, four channels at a time, for windows of at most
 * SAFE_POOL_2D_MVE_MAX_TAPS taps. */
void safe_kernel_average_pool_2d_s8_mve(const safe_pool_2d_params_t *params, const int8_t *input,
                                        int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
