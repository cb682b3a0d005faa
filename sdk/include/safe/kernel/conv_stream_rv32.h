/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_stream_rv32.h int8 convolution a sample at a time, for RV32IM. */
#ifndef SAFE_KERNEL_CONV_STREAM_RV32_H
#define SAFE_KERNEL_CONV_STREAM_RV32_H

#include <stdint.h>

#include "safe/kernel/conv_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The same bytes as safe_kernel_conv_stream_s8, from packed weights.
 *
 * @param kept, sample, state, heads See safe_kernel_conv_stream_s8.
 * @param weights Tiles of all channels for safe_rv32_dot8, tap by tap. For three taps, one row at
 * each border and a multiple of four channels: [channels / 4][depth][3][4].
 * @param start 8 words for each tile, or [channels / 4][3][4] in the form for three taps.
 * @param rescale safe_rv32_rescale_t as words, one for each channel: right shift plus 1, and
 * 1 + 2^right * (1 + 2 * zero point). @param scratch 8 words for each tile, none in the form for
 * three taps. `codegen/backends/native/rv32/conv_stream.py` packs, and proves that no sum leaves 29
 * bits and no rescaled one 31; where they may it calls the reference kernel.
 */
void safe_kernel_conv_stream_s8_rv32(const safe_conv_stream_params_t *params, int8_t *kept,
                                     const int8_t *sample, const int8_t *weights,
                                     const int32_t *start, const int32_t *rescale, void *state,
                                     int8_t *heads, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
