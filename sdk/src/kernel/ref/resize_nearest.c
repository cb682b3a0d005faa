/* SPDX-License-Identifier: Apache-2.0 */
/** @file resize_nearest.c Reference choice of the nearest pixels. */
#include "safe/kernel/goal.h"

#include <stddef.h>
#include <string.h>

#include "safe/kernel/resize.h"

void safe_kernel_resize_nearest_bytes(const safe_resize_nearest_params_t *params, const void *input,
                                      const int32_t *rows, const int32_t *columns, void *output)
{
    const uint8_t *image = input;
    uint8_t *target = output;
    for (int32_t b = 0; b < params->batches; b++) {
        for (int32_t y = 0; y < params->height; y++) {
            const uint8_t *row = &image[rows[y]];
            for (int32_t x = 0; x < params->width; x++) {
                (void)memcpy(target, &row[columns[x]], (size_t)params->pixel_bytes);
                target += params->pixel_bytes;
            }
        }
        image += params->image_bytes;
    }
}
