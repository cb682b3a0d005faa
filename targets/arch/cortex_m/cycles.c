/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"
#include "cortex_m.h"

#if SAFE_CORTEX_BASELINE

bool safe_cycles_init(void)
{
    return false;
}

#else

/** Enough loop passes for any counter that counts. */
#define SETTLE_PASSES 64u

bool safe_cycles_init(void)
{
    DEMCR |= DEMCR_TRCENA;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    safe_cortex_barrier();
    uint32_t before = DWT_CYCCNT;
    for (volatile uint32_t i = 0; i < SETTLE_PASSES; i++) {
        /* time passes, on a chip with a counter */
    }
    return DWT_CYCCNT != before;
}

#endif
