/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_stream_rows.c The rows of a window that moves, and the ring of those that wait. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_stream_rows.h"

#include "safe/kernel/slide.h"

void safe_conv_stream_advance(const safe_conv_stream_shape_t *shape, int8_t *kept,
                              safe_conv_stream_state_t *state, int8_t *heads,
                              safe_conv_stream_rows_t *rows)
{
    const int32_t size = shape->channels;
    const int32_t slot_size = shape->before * size;
    int8_t *inside = &kept[slot_size];
    int32_t count = 0;

    safe_slide_move(inside, &inside[size], (size_t)((shape->inside - 1) * size));
    inside += (shape->inside - 1) * size;
    rows->row[count++] = inside;
    if (shape->before != 0) {
        int8_t *slot = &heads[state->slot * slot_size];
        int32_t from = state->slot;
        /* Row k of the window has waited k samples less than row 0, whose slot is free now. */
        for (int32_t k = 0; k < shape->before; k++) {
            safe_slide_move(&kept[k * size], &heads[from * slot_size + k * size], (size_t)size);
            from = from + 1 == shape->delay ? 0 : from + 1;
        }
        for (int32_t k = shape->before - 1; k >= 0; k--) {
            rows->row[count++] = &slot[k * size];
        }
        state->slot = state->slot + 1 == shape->delay ? 0 : state->slot + 1;
    }
    for (int32_t k = 0; k < shape->after; k++) {
        inside += size;
        rows->row[count++] = inside;
    }
}
