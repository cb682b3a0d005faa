/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_plane.c Copies one channel of an image, so that no tap asks whether it is
 * inside. */
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_plane.h"

#include "safe/compiler.h"

SAFE_NOINLINE void safe_depthwise_copy(const safe_depthwise_plane_t *plane, const int8_t *image,
                                       int8_t *to)
{
    const int32_t step = plane->line.input_step;
    int8_t *line = &to[plane->across.before * plane->line_bytes + plane->line.before];
    for (int32_t lines = plane->across.seen; lines > 0; lines--) {
        const int8_t *from = image;
        int8_t *next = line;
        int8_t *const end = &next[plane->line.seen];
        /* Four at a time; what that leaves over comes first. */
        if ((plane->line.seen & 1) != 0) {
            *next++ = *from;
            from += step;
        }
        if ((plane->line.seen & 2) != 0) {
            next[0] = from[0];
            next[1] = from[step];
            next += 2;
            from += 2 * step;
        }
        for (; next != end; next += 4) {
            next[0] = from[0];
            next[1] = from[step];
            next[2] = from[2 * step];
            next[3] = from[3 * step];
            from += 4 * step;
        }
        image += plane->across.input_step;
        line += plane->line_bytes;
    }
}
