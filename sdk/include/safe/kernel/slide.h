/* SPDX-License-Identifier: Apache-2.0 */
/** @file slide.h Rows kept from one sample to the next: the oldest goes, the newest comes. */
#ifndef SAFE_KERNEL_SLIDE_H
#define SAFE_KERNEL_SLIDE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call, in bytes. */
typedef struct safe_slide_params {
    int32_t start_bytes; /**< First byte of the stretch that slides, in the buffer. */
    int32_t keep_bytes;  /**< Moved down by new_bytes; 0: the new bytes are only put in place. */
    int32_t new_bytes;   /**< Taken from the rows, put behind what was kept. At least 1. */
} safe_slide_params_t;

/** Moves bytes to a lower place, or to one that they do not overlap; words where both places and
 * the size are multiples of 4. */
void safe_slide_move(void *to, const void *from, size_t size);

/**
 * Moves keep_bytes of the buffer from start + new to start, and puts the new bytes behind them.
 *
 * @param rows new_bytes bytes, which do not overlap the buffer.
 * @param buffer At least start + keep + new bytes.
 */
void safe_kernel_slide(const safe_slide_params_t *params, const void *rows, void *buffer);

#ifdef __cplusplus
}
#endif

#endif
