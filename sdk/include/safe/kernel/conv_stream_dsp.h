/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_stream_dsp.h int8 convolution a sample at a time, for the DSP extension. */
#ifndef SAFE_KERNEL_CONV_STREAM_DSP_H
#define SAFE_KERNEL_CONV_STREAM_DSP_H

#include <stdint.h>

#include "safe/kernel/conv_stream.h"
#include "safe/kernel/dot8_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The same bytes as safe_kernel_conv_stream_s8, from packed weights.
 *
 * @param kept, sample, state, heads See safe_kernel_conv_stream_s8; the sums are doubled.
 * @param weights Tiles of all channels for safe_dsp_dot8, tap by tap. @param start 8 words for each
 * tile, see there.
 * @param rescale safe_dsp_rescale_t as words, one for each channel.
 * @param scratch SAFE_DOT8_WORDS(blocks of depth) words, and 8 for each tile.
 * `codegen/backends/native/dsp/conv_stream.py` packs, and proves the bounds of safe_dsp_dot8 and
 * safe_dsp_rescale; where they do not hold it calls the reference kernel.
 */
void safe_kernel_conv_stream_s8_dsp(const safe_conv_stream_params_t *params, int8_t *kept,
                                    const int8_t *sample, const uint32_t *weights,
                                    const int32_t *start, const int32_t *rescale, void *state,
                                    int8_t *heads, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
