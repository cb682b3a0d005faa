/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_axis.h One spatial axis of a window that moves over an image. */
#ifndef SAFE_KERNEL_CONV_AXIS_H
#define SAFE_KERNEL_CONV_AXIS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One spatial axis of a convolution or pooling. */
typedef struct safe_conv_axis {
    int32_t size;     /**< Number of input positions. */
    int32_t kernel;   /**< Number of taps. */
    int32_t stride;   /**< Input positions from one output to the next. */
    int32_t dilation; /**< Input positions from one tap to the next. */
    int32_t output;   /**< Number of output positions. */
    int32_t pad;      /**< Positions before the first input that tap 0 of output 0 sees. */
} safe_conv_axis_t;

/** The taps of one output position that lie inside the input. */
typedef struct safe_conv_taps {
    int32_t position; /**< Input position of tap 0; negative before the first input. */
    int32_t first;    /**< First tap inside. */
    int32_t end;      /**< One after the last tap inside. */
} safe_conv_taps_t;

/** Returns the taps inside for an output position in [0, axis->output). */
static inline safe_conv_taps_t safe_conv_axis_taps(const safe_conv_axis_t *axis, int32_t output)
{
    safe_conv_taps_t taps = {output * axis->stride - axis->pad, 0, axis->kernel};
    const int32_t past = taps.position - axis->size;
    while (taps.first < taps.end && taps.position + taps.first * axis->dilation < 0) {
        taps.first++;
    }
    while (taps.end > taps.first && past + (taps.end - 1) * axis->dilation >= 0) {
        taps.end--;
    }
    return taps;
}

#ifdef __cplusplus
}
#endif

#endif
