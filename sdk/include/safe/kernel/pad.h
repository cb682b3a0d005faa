/* SPDX-License-Identifier: Apache-2.0 */
/** @file pad.h A border of one value around a tensor. */
#ifndef SAFE_KERNEL_PAD_H
#define SAFE_KERNEL_PAD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One loop of the copy; `axis0` is the outermost. */
typedef struct safe_pad_axis {
    int32_t count;     /**< Input positions, at least 1. */
    int32_t gap_bytes; /**< Border behind the last position and before the next turn's first. */
} safe_pad_axis_t;

/** Constants of one call: neighbouring axes without a border are joined to one. */
typedef struct safe_pad_params {
    int32_t output_bytes;  /**< Size of the whole output. */
    int32_t first_bytes;   /**< Border before the first run. */
    int32_t run_bytes;     /**< Bytes that lie together in the input and in the output. */
    int32_t run_gap_bytes; /**< Border behind a run and before the next. */
    int32_t value;         /**< Value of every byte of the border, [-128, 127]. */
    safe_pad_axis_t axis0;
    safe_pad_axis_t axis1;
    safe_pad_axis_t axis2;
    safe_pad_axis_t axis3;
} safe_pad_params_t;

/**
 * Copies axis0.count * … * axis3.count runs and fills what is between them.
 *
 * @param input The whole tensor, of elements of any type. @param output [output_bytes], must not
 * overlap the input.
 */
void safe_kernel_pad_bytes(const safe_pad_params_t *params, const void *input, void *output);

#ifdef __cplusplus
}
#endif

#endif
