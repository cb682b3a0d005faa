/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_mve.c int8 matrix product, four outputs at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/fully_connected_mve.h"

#include "safe/kernel/dot4_mve.h"
#include "safe/kernel/mve_copy.h"
#include "safe/kernel/mve_requantize.h"

/** Scales of one output row; multiplier and shift point at those of the next four outputs. */
typedef struct scales {
    const int32_t *multiplier;
    const int8_t *shift;
    safe_mve_s32_t low;
    safe_mve_s32_t high;
    int32_t zero_point;
} scales_t;

static inline safe_mve_s32_t rescaled(safe_mve_s32_t sums, const scales_t *s)
{
    sums = safe_mve_requantize(sums, safe_mve_load(s->multiplier), safe_mve_load_s8(s->shift));
    return safe_mve_min(safe_mve_max(safe_mve_add_n(sums, s->zero_point), s->low), s->high);
}

void safe_kernel_fully_connected_s8_mve(const safe_fully_connected_mve_params_t *params,
                                        const int8_t *input, const int8_t *weights,
                                        const int32_t *start, const int32_t *multiplier,
                                        const int8_t *shift, void *scratch, int8_t *output)
{
    const uint32_t blocks = SAFE_MVE_BLOCKS(params->depth);
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const int8_t *values = input;
        if ((params->depth & (SAFE_MVE_BYTES - 1)) != 0) {
            /* By way of a buffer, so that no byte past the row is read. What the buffer holds
             * behind it is multiplied by 0. */
            safe_mve_fill((int8_t *)scratch, 0, (int32_t)(16u * blocks));
            safe_mve_copy((int8_t *)scratch, input, params->depth);
            values = (const int8_t *)scratch;
        }
        scales_t s = {multiplier, shift, safe_mve_dup(params->output_min),
                      safe_mve_dup(params->output_max), params->output_zero_point};
        const int8_t *tile = weights;
        const int32_t *first = start;
        for (int32_t left = params->units; left > 0; left -= SAFE_DOT4_ROWS) {
            const safe_mve_s32_t sums = safe_mve_dot4(tile, values, blocks, first);
            if (left >= SAFE_DOT4_ROWS) {
                safe_mve_store_s8(output, rescaled(sums, &s));
                output += SAFE_DOT4_ROWS;
            } else {
                safe_mve_store_some_s8(output, rescaled(sums, &s), left);
                output += left;
            }
            tile += SAFE_DOT4_TILE_BYTES(blocks);
            first += SAFE_DOT4_ROWS;
            s.multiplier += params->rescale_step;
            s.shift += params->rescale_step;
        }
        input += params->depth;
    }
}
