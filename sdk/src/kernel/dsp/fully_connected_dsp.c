/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_dsp.c int8 matrix product by tiles of eight units; the input row is
 * expanded to int16 once. */
#include "safe/kernel/fully_connected_dsp.h"

#include "safe/kernel/dsp.h"

/** Rescales and stores up to eight sums, each with a rescaling of its own. */
static inline void store_per_unit(const int32_t *twice, int32_t count, const int32_t *rescale,
                                  int8_t *output)
{
    for (int32_t r = 0; r < count; r++, rescale += SAFE_DSP_RESCALE_WORDS) {
        output[r] = safe_dsp_rescale_s8(twice[r], rescale[0], rescale[1], rescale[2]);
    }
}

/** Rescales and stores up to eight sums alike; whole tiles without a loop. */
static inline void store_alike(const int32_t *twice, int32_t count, const int32_t *rescale,
                               int8_t *output)
{
    const int32_t multiplier = rescale[0];
    const int32_t addend = rescale[1];
    const int32_t shift = rescale[2];
    if (count == SAFE_DOT8_ROWS) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
        for (int32_t r = 0; r < SAFE_DOT8_ROWS; r++) {
            output[r] = safe_dsp_rescale_s8(twice[r], multiplier, addend, shift);
        }
        return;
    }
    for (int32_t r = 0; r < count; r++) {
        output[r] = safe_dsp_rescale_s8(twice[r], multiplier, addend, shift);
    }
}

void safe_kernel_fully_connected_s8_dsp(const safe_fully_connected_dsp_params_t *params,
                                        const int8_t *input, const uint32_t *weights,
                                        const int32_t *start, const int32_t *rescale, void *scratch,
                                        int8_t *output)
{
    const uint32_t length = SAFE_DOT8_LENGTH(SAFE_DOT8_BLOCKS(params->depth));
    uint32_t *expanded = (uint32_t *)scratch;
    int8_t *const first = output;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const uint32_t *tile = weights;
        const int32_t *tile_start = start;
        const int32_t *tile_rescale = rescale;
        safe_dsp_expand(input, params->depth, 0, expanded);
        input += params->depth;
        for (int32_t left = params->units; left > 0; left -= SAFE_DOT8_ROWS) {
            const int32_t count = left < SAFE_DOT8_ROWS ? left : SAFE_DOT8_ROWS;
            int32_t twice[SAFE_DOT8_ROWS];
            tile = safe_dsp_dot8(tile, expanded, length, tile_start, twice);
            tile_start += SAFE_DOT8_ROWS;
            if (params->rescale_step != 0) {
                store_per_unit(twice, count, tile_rescale, output);
                tile_rescale += SAFE_DOT8_ROWS * SAFE_DSP_RESCALE_WORDS;
            } else {
                store_alike(twice, count, rescale, output);
            }
            output += count;
        }
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_dsp_clamp_s8(first, params->batches * params->units, params->output_min,
                          params->output_max);
    }
}
