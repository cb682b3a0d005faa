/* SPDX-License-Identifier: Apache-2.0 */
/** @file pool_2d_dsp.h int8 maximum and average over windows of an image, for the DSP extension:
 * four channels are one word. */
#ifndef SAFE_KERNEL_POOL_2D_DSP_H
#define SAFE_KERNEL_POOL_2D_DSP_H

#include <stdint.h>

#include "safe/kernel/pool_2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Channels that are reduced together. */
#define SAFE_POOL_DSP_LANES 4

/** Largest number of taps of an average: 256 * -128 is the least int16. */
#define SAFE_POOL_DSP_TAPS 256

/** The taps of one output position that lie inside the image. */
typedef struct safe_pool_window {
    const int8_t *first; /**< First tap, first channel. */
    int32_t rows;        /**< At least 1. */
    int32_t columns;     /**< At least 1. */
} safe_pool_window_t;

/** Returns the window of output position `position` of an image: y * x.output + x. */
static inline safe_pool_window_t safe_pool_window(const safe_pool_2d_params_t *params,
                                                  const int8_t *image, int32_t position)
{
    const safe_conv_taps_t y = safe_conv_axis_taps(&params->y, position / params->x.output);
    const safe_conv_taps_t x = safe_conv_axis_taps(&params->x, position % params->x.output);
    const int32_t place = (y.position + y.first) * params->x.size + x.position + x.first;
    const safe_pool_window_t window = {&image[place * params->channels], y.end - y.first,
                                       x.end - x.first};
    return window;
}

/** The same bytes as safe_kernel_max_pool_2d_s8, and the same arguments. */
void safe_kernel_max_pool_2d_s8_dsp(const safe_pool_2d_params_t *params, const int8_t *input,
                                    int8_t *output);

/** The same bytes as safe_kernel_average_pool_2d_s8, and the same arguments, for windows of at most
 * SAFE_POOL_DSP_TAPS taps inside the image. */
void safe_kernel_average_pool_2d_s8_dsp(const safe_pool_2d_params_t *params, const int8_t *input,
                                        int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
