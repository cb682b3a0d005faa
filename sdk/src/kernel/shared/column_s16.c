/* SPDX-License-Identifier: Apache-2.0 */
/** @file column_s16.c Gathers what one output position sees of an image of int16 values. */
#include "safe/kernel/goal.h"

#include "safe/kernel/column_s16.h"

#include "safe/compiler.h"

/** Copies values, four at a time; returns where the next one goes. */
static inline int16_t *copy(int16_t *to, const int16_t *from, int32_t length)
{
    for (; length >= 4; length -= 4, to += 4, from += 4) {
        const int16_t first = from[0];
        const int16_t second = from[1];
        const int16_t third = from[2];
        const int16_t fourth = from[3];
        to[0] = first;
        to[1] = second;
        to[2] = third;
        to[3] = fourth;
    }
    for (; length > 0; length--) {
        *to++ = *from++;
    }
    return to;
}

/** Adds zeros; returns where the next value goes. */
static inline int16_t *fill(int16_t *to, int32_t length)
{
    for (; length > 0; length--) {
        *to++ = 0;
    }
    return to;
}

/** Copies one row of taps of which some lie outside, or not side by side. @param row That of the
 * image. */
static SAFE_NOINLINE int16_t *copy_row(const safe_window_s16_t *window,
                                       const safe_conv_taps_t *taps, const int16_t *row,
                                       int16_t *to)
{
    const int32_t channels = window->channels;
    const int32_t step = window->x.dilation * channels;
    to = fill(to, taps->first * channels);
    for (int32_t tap = taps->first; tap < taps->end; tap++) {
        to = copy(to, &row[taps->position * channels + tap * step], channels);
    }
    return fill(to, (window->x.kernel - taps->end) * channels);
}

SAFE_NOINLINE const int16_t *safe_column_s16(const safe_window_s16_t *window, const int16_t *image,
                                             int32_t position, int16_t *column)
{
    const int32_t kernel = window->x.kernel;
    const int32_t row_length = window->x.size * window->channels;
    const int32_t taps_length = kernel * window->channels;
    const int32_t length = window->y.kernel * taps_length;
    const safe_conv_taps_t y = safe_conv_axis_taps(&window->y, position / window->x.output);
    const safe_conv_taps_t x = safe_conv_axis_taps(&window->x, position % window->x.output);
    /* Whether each row of taps is a run of values as it lies in the image. */
    const int32_t is_run =
        x.end - x.first == kernel && (kernel == 1 || window->x.dilation == 1) ? 1 : 0;
    int16_t *to = column;
    int16_t *const last = &column[safe_column_s16_length(window) - SAFE_COLUMN_S16_BLOCK];
    if (is_run != 0 && window->y.kernel == 1 && y.end - y.first == 1 &&
        length % SAFE_COLUMN_S16_BLOCK == 0) {
        return &image[y.position * row_length + x.position * window->channels];
    }
    /* What of the last block lies behind the values stays 0. */
    last[0] = 0;
    last[1] = 0;
    last[2] = 0;
    last[3] = 0;
    for (int32_t tap = 0; tap < window->y.kernel; tap++) {
        const int32_t row = (y.position + tap * window->y.dilation) * row_length;
        if (tap < y.first || tap >= y.end) {
            to = fill(to, taps_length);
        } else if (is_run != 0) {
            to = copy(to, &image[row + x.position * window->channels], taps_length);
        } else {
            to = copy_row(window, &x, &image[row], to);
        }
    }
    return column;
}
