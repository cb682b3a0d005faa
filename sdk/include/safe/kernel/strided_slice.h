/* SPDX-License-Identifier: Apache-2.0 */
/** @file strided_slice.h Copy of a regular part of a tensor, for any element type. */
#ifndef SAFE_KERNEL_STRIDED_SLICE_H
#define SAFE_KERNEL_STRIDED_SLICE_H

#include <stdint.h>

/** One loop of the copy; `axis0` is the outermost. */
typedef struct safe_slice_axis {
    int32_t count;      /**< At least 1. */
    int32_t step_bytes; /**< In the input; negative for a reversed axis. */
} safe_slice_axis_t;

/** Constants of one call. */
typedef struct safe_strided_slice_params {
    int32_t start_bytes; /**< First byte taken from the input. */
    int32_t run_bytes;   /**< Bytes that lie together in input and output. */
    safe_slice_axis_t axis0;
    safe_slice_axis_t axis1;
    safe_slice_axis_t axis2;
    safe_slice_axis_t axis3;
} safe_strided_slice_params_t;

/**
 * Copies axis0.count * … * axis3.count runs.
 *
 * @param input The whole tensor; the generator has checked that every run lies inside it.
 * @param output Written from front to back, must not overlap the input.
 */
void safe_kernel_strided_slice_bytes(const safe_strided_slice_params_t *params, const void *input,
                                     void *output);

#endif
