/* SPDX-License-Identifier: Apache-2.0 */
/* mcycle is believed where minstret beside it counts what it must: an emulator that answers both
 * with the host's time is found out. */
#include "core.h"
#include "riscv32.h"
#include "safe_target.h"

#if SAFE_TARGET_CYCLE_COUNTER

/* Passes of two instructions each. */
#define PASSES 1000
#define RETIRED (2u * (uint32_t)PASSES)
/* The instructions around the loop, and an implementation's way to count the reading ones. */
#define SLACK 4u
/* Once might be chance. */
#define TRIALS 3u

static bool counts_instructions(void)
{
    uint32_t before, after, start, end, passes = PASSES;
    SAFE_CSR_READ(mcycle, start);
    __asm__ volatile("csrr  %0, minstret\n"
                     "1:\n\t"
                     "addi  %2, %2, -1\n\t"
                     "bnez  %2, 1b\n\t"
                     "csrr  %1, minstret\n"
                     : "=&r"(before), "=&r"(after), "+r"(passes));
    SAFE_CSR_READ(mcycle, end);
    uint32_t retired = after - before;
    return retired >= RETIRED && retired <= RETIRED + SLACK && end - start >= RETIRED;
}

bool safe_cycles_init(void)
{
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        if (!counts_instructions()) {
            return false;
        }
    }
    return true;
}

#else

bool safe_cycles_init(void)
{
    return false;
}

#endif
