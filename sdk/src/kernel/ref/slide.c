/* SPDX-License-Identifier: Apache-2.0 */
/** @file slide.c Reference shift register of rows. */
#include "safe/kernel/goal.h"

#include "safe/kernel/slide.h"

#include <string.h>

void safe_slide_move(void *to, const void *from, size_t size)
{
    (void)memmove(to, from, size);
}

void safe_kernel_slide(const safe_slide_params_t *params, const void *rows, void *buffer)
{
    uint8_t *to = (uint8_t *)buffer + params->start_bytes;
    const size_t keep = (size_t)params->keep_bytes;
    const size_t added = (size_t)params->new_bytes;

    safe_slide_move(to, to + added, keep);
    safe_slide_move(to + keep, rows, added);
}
