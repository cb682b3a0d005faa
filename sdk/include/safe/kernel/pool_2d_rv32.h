/* SPDX-License-Identifier: Apache-2.0 */
/** @file pool_2d_rv32.h int8 maximum and average over windows of an image, for RV32: four channels
 * stay in registers while their window passes. */
#ifndef SAFE_KERNEL_POOL_2D_RV32_H
#define SAFE_KERNEL_POOL_2D_RV32_H

#include <stdint.h>

#include "safe/kernel/pool_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Channels that are reduced together. */
#define SAFE_POOL_RV32_LANES 4

/** The taps of one output position that lie inside the image. */
typedef struct safe_pool_rv32_window {
    int32_t rows;      /**< At least 1. */
    int32_t row_bytes; /**< Bytes of the taps of a row, with all channels; at least 1. */
    int32_t next_row;  /**< Bytes from the end of a row of taps to the next row. */
    int32_t channels;
} safe_pool_rv32_window_t;

/** The taps of one axis that lie inside the image. */
typedef struct safe_pool_rv32_taps {
    int32_t first; /**< Input position of the first one. */
    int32_t count; /**< At least 1. */
} safe_pool_rv32_taps_t;

/** Returns the taps inside of which the first one of the window is at `position`. */
static inline safe_pool_rv32_taps_t safe_pool_rv32_taps(const safe_conv_axis_t *axis,
                                                        int32_t position)
{
    const int32_t first = position < 0 ? 0 : position;
    const int32_t past = position + axis->kernel;
    const safe_pool_rv32_taps_t taps = {first, (past > axis->size ? axis->size : past) - first};
    return taps;
}

/** The same bytes as safe_kernel_max_pool_2d_s8, and the same arguments. */
void safe_kernel_max_pool_2d_s8_rv32(const safe_pool_2d_params_t *params, const int8_t *input,
                                     int8_t *output);

/** The same bytes as safe_kernel_average_pool_2d_s8, and the same arguments. */
void safe_kernel_average_pool_2d_s8_rv32(const safe_pool_2d_params_t *params, const int8_t *input,
                                         int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
