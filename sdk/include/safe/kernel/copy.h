/* SPDX-License-Identifier: Apache-2.0 */
/** @file copy.h Movement of bytes, for any element type: slices, transposes, splits, joins. */
#ifndef SAFE_KERNEL_COPY_H
#define SAFE_KERNEL_COPY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Loops of safe_kernel_copy_bytes. */
#define SAFE_COPY_AXES 6

/** One loop of a copy; axis[0] is the outermost. */
typedef struct safe_copy_axis {
    int32_t count;      /**< At least 1. */
    int32_t step_bytes; /**< In the input; negative for a reversed axis. */
} safe_copy_axis_t;

/** Constants of one call of safe_kernel_copy_bytes. */
typedef struct safe_copy_params {
    int32_t start_bytes; /**< First byte taken from the input. */
    int32_t run_bytes;   /**< Bytes that lie together in input and output. */
    safe_copy_axis_t axis[SAFE_COPY_AXES];
} safe_copy_params_t;

/** Constants of one call of safe_kernel_split_bytes or safe_kernel_join_bytes. */
typedef struct safe_parts_params {
    int32_t rows;  /**< Times that every part takes its turn. */
    int32_t parts; /**< Number of parts. */
} safe_parts_params_t;

/**
 * Copies axis[0].count * ... * axis[5].count runs.
 *
 * @param input The whole tensor; the generator has checked that every run lies inside it.
 * @param output Must not overlap the input.
 */
void safe_kernel_copy_bytes(const safe_copy_params_t *params, const void *input, void *output);

/**
 * Deals the input out: per row, part_bytes[p] bytes to each outputs[p] in turn.
 *
 * @param input rows * (sum of part_bytes) bytes. @param part_bytes [parts].
 * @param outputs [parts] of rows * part_bytes[p] bytes, none of which overlaps the input.
 */
void safe_kernel_split_bytes(const safe_parts_params_t *params, const void *input,
                             const int32_t *part_bytes, void *const *outputs);

/** The reverse of safe_kernel_split_bytes: collects the output from `inputs`. */
void safe_kernel_join_bytes(const safe_parts_params_t *params, const void *const *inputs,
                            const int32_t *part_bytes, void *output);

#ifdef __cplusplus
}
#endif

#endif
