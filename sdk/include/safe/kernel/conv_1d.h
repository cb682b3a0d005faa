/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_1d.h What a position of a convolution of height 1 sees: one piece of the input,
 * except at its ends. */
#ifndef SAFE_KERNEL_CONV_1D_H
#define SAFE_KERNEL_CONV_1D_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "safe/kernel/conv_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The input and how the taps move over it. */
typedef struct safe_conv_1d {
    int32_t batches;
    int32_t input_channels;
    safe_conv_axis_t x;
    int32_t input_zero_point; /**< [-128, 127]; what lies outside the input. */
} safe_conv_1d_t;

/** Copies what a position sees to `taps` [x.kernel][input_channels], tap by tap.
 * @param input [x.size][input_channels] @param position Input position of tap 0. */
static inline void safe_conv_1d_gather(const safe_conv_1d_t *conv, const int8_t *input,
                                       int32_t position, int8_t *taps)
{
    const int32_t channels = conv->input_channels;
    for (int32_t tap = 0; tap < conv->x.kernel; tap++, taps += channels) {
        if (position >= 0 && position < conv->x.size) {
            (void)memcpy(taps, &input[position * channels], (size_t)channels);
        } else {
            (void)memset(taps, conv->input_zero_point, (size_t)channels);
        }
        position += conv->x.dilation;
    }
}

#ifdef __cplusplus
}
#endif

#endif
