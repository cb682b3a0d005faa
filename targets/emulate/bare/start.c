/* SPDX-License-Identifier: Apache-2.0 */
/** @file start.c Beginning and end of an image on a bare core, whatever its main does. */
#include "bare.h"

#include <stddef.h>

void safe_bare_exit(uint32_t code)
{
    const uint32_t block[2] = {SAFE_SEMIHOSTING_APPLICATION_EXIT, code};
    (void)safe_bare_semihosting(SAFE_SEMIHOSTING_EXIT_EXTENDED, block);
    for (;;) {
        /* without semihosting there is no end */
    }
}

/* The linker's symbols are no parts of one array: only their addresses can be compared. */
static size_t words_between(const uint32_t *start, const uint32_t *end)
{
    return ((uintptr_t)end - (uintptr_t)start) / sizeof(uint32_t);
}

void safe_bare_start(void)
{
    volatile uint32_t *data = __data_start;
    volatile uint32_t *bss = __bss_start;
    for (size_t i = 0; i < words_between(__data_start, __data_end); i++) {
        data[i] = __data_load[i];
    }
    for (size_t i = 0; i < words_between(__bss_start, __bss_end); i++) {
        bss[i] = 0;
    }
    safe_bare_exit((uint32_t)main());
}
