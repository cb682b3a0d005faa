/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"
#include "riscv32.h"
#include "safe_target.h"

/** Enough loop passes for any counter that counts. */
#define SETTLE_PASSES 64u

bool safe_cycles_init(void)
{
#if SAFE_TARGET_CYCLE_COUNTER
    uint32_t before, after;
    SAFE_CSR_READ(mcycle, before);
    for (volatile uint32_t i = 0; i < SETTLE_PASSES; i++) {
        /* time passes, on a chip with a counter */
    }
    SAFE_CSR_READ(mcycle, after);
    return before != after;
#else
    return false;
#endif
}
