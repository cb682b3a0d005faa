/* SPDX-License-Identifier: Apache-2.0 */
/* What the stand-in's archive holds: the start of the runtime, which wants the CRC unit's clock. */
#include "stai.h"

#include <stdlib.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/** Returns whether the CRC unit has its clock. Where RCC_CR reads as 0 nothing models the chip. */
int standin_has_crc(void)
{
#if defined(STANDIN_RCC_CR)
    if (REGISTER(STANDIN_RCC_CR) != 0u) {
        return (REGISTER(STANDIN_CRC_CLOCK) >> 12 & 1u) != 0u;
    }
#endif
    return 1;
}

stai_return_code stai_runtime_init(void)
{
    /* ST's archive refers to both; nobody promised a heap. The compiler may not leave them out. */
    static void *(*volatile allocate)(void *, size_t) = realloc;

    free(allocate(NULL, 16u));
    return standin_has_crc() ? STAI_SUCCESS : STAI_ERROR_STAI_INIT_FAILED;
}
