/* SPDX-License-Identifier: Apache-2.0 */
/** @file column_s16.h What one output position of a convolution of int16 values sees, in a row. */
#ifndef SAFE_KERNEL_COLUMN_S16_H
#define SAFE_KERNEL_COLUMN_S16_H

#include <stdint.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Values of a column are a multiple of this; what is added is 0. */
#define SAFE_COLUMN_S16_BLOCK 4

/** The window that moves over an image [y.size][x.size][channels]. */
typedef struct safe_window_s16 {
    int32_t channels;
    safe_conv_axis_t y;
    safe_conv_axis_t x;
} safe_window_s16_t;

/** Returns the values of a column, filled up to whole blocks. */
static inline int32_t safe_column_s16_length(const safe_window_s16_t *window)
{
    return (window->y.kernel * window->x.kernel * window->channels + SAFE_COLUMN_S16_BLOCK - 1) &
           ~(SAFE_COLUMN_S16_BLOCK - 1);
}

/**
 * Returns what an output position sees, [y.kernel][x.kernel][channels] and zeros up to whole
 * blocks; 0 outside of the image. Where that lies in the image as it is, nothing is copied.
 *
 * @param position y * x.output + x. @param column Place for it: safe_column_s16_length values.
 */
const int16_t *safe_column_s16(const safe_window_s16_t *window, const int16_t *image,
                               int32_t position, int16_t *column);

#ifdef __cplusplus
}
#endif

#endif
