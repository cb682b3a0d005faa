/* SPDX-License-Identifier: Apache-2.0 */
/** @file copy.c Reference movement of bytes. */
#include "safe/kernel/goal.h"

#include "safe/kernel/copy.h"

#include <stddef.h>
#include <string.h>

/** Moves `count` single bytes, `step` apart in the input and `apart` in the output. */
static void copy_strided(const uint8_t *from, int32_t step, uint8_t *target, int32_t apart,
                         int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        target[i * apart] = from[i * step];
    }
}

/** Steps along the two inner axes, in runs of one byte: the longer axis is the inner loop. */
static void copy_plane_of_bytes(const safe_copy_axis_t *rows, const safe_copy_axis_t *columns,
                                const uint8_t *from, uint8_t *target)
{
    const int32_t width = columns->count;
    if (rows->count > width) {
        for (int32_t column = 0; column < width; column++) {
            copy_strided(&from[column * columns->step_bytes], rows->step_bytes, &target[column],
                         width, rows->count);
        }
        return;
    }
    for (int32_t row = 0; row < rows->count; row++) {
        copy_strided(&from[row * rows->step_bytes], columns->step_bytes, &target[row * width], 1,
                     width);
    }
}

/** Steps along the two inner axes from `from` on. @return The end of what was written. */
static uint8_t *copy_plane(const safe_copy_params_t *params, const uint8_t *from, uint8_t *target)
{
    const safe_copy_axis_t *rows = &params->axis[SAFE_COPY_AXES - 2];
    const safe_copy_axis_t *columns = &params->axis[SAFE_COPY_AXES - 1];
    const size_t run = (size_t)params->run_bytes;
    if (run == 1) {
        copy_plane_of_bytes(rows, columns, from, target);
        return &target[rows->count * columns->count];
    }
    for (int32_t row = 0; row < rows->count; row++) {
        const int32_t start = row * rows->step_bytes;
        for (int32_t column = 0; column < columns->count; column++) {
            (void)memcpy(target, &from[start + column * columns->step_bytes], run);
            target += run;
        }
    }
    return target;
}

void safe_kernel_copy_bytes(const safe_copy_params_t *params, const void *input, void *output)
{
    const uint8_t *bytes = input;
    uint8_t *target = output;
    const safe_copy_axis_t *axis = params->axis;
    for (int32_t a = 0; a < axis[0].count; a++) {
        for (int32_t b = 0; b < axis[1].count; b++) {
            const int32_t outer =
                params->start_bytes + a * axis[0].step_bytes + b * axis[1].step_bytes;
            for (int32_t c = 0; c < axis[2].count; c++) {
                for (int32_t d = 0; d < axis[3].count; d++) {
                    const int32_t from = outer + c * axis[2].step_bytes + d * axis[3].step_bytes;
                    target = copy_plane(params, &bytes[from], target);
                }
            }
        }
    }
}

void safe_kernel_split_bytes(const safe_parts_params_t *params, const void *input,
                             const int32_t *part_bytes, void *const *outputs)
{
    const uint8_t *from = input;
    for (int32_t row = 0; row < params->rows; row++) {
        for (int32_t part = 0; part < params->parts; part++) {
            uint8_t *target = outputs[part];
            (void)memcpy(&target[row * part_bytes[part]], from, (size_t)part_bytes[part]);
            from += part_bytes[part];
        }
    }
}

void safe_kernel_join_bytes(const safe_parts_params_t *params, const void *const *inputs,
                            const int32_t *part_bytes, void *output)
{
    uint8_t *target = output;
    for (int32_t row = 0; row < params->rows; row++) {
        for (int32_t part = 0; part < params->parts; part++) {
            const uint8_t *from = inputs[part];
            (void)memcpy(target, &from[row * part_bytes[part]], (size_t)part_bytes[part]);
            target += part_bytes[part];
        }
    }
}
