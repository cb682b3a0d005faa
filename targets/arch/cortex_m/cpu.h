/* SPDX-License-Identifier: Apache-2.0 */
/** @file cpu.h The inlined part of core.h on a Cortex-M. */
#ifndef SAFE_CPU_H
#define SAFE_CPU_H

#include "core.h"
#include "cortex_m.h"

#define SAFE_CPU_HAS_CYCLES (!SAFE_CORTEX_BASELINE)

static inline uint32_t safe_cpu_cycles(void)
{
#if SAFE_CORTEX_BASELINE
    return 0; /* safe_cycles_init has said that there is none */
#else
    return DWT_CYCCNT;
#endif
}

/** Sixteen divisions that depend on each other, with the largest quotient: SDIV and UDIV take at
 * least two cycles on every core that has them (DDI 0439, DDI 0489 and 100230: up to 12). */
static inline bool safe_cpu_counts_instructions(void)
{
#if SAFE_CORTEX_BASELINE
    return false;
#else
    uint32_t quotient = UINT32_MAX;
    uint32_t before = DWT_CYCCNT;
    __asm__ volatile(".rept 16\n\t"
                     "udiv %0, %0, %1\n\t"
                     ".endr"
                     : "+r"(quotient)
                     : "r"(1u));
    return DWT_CYCCNT - before < 2u * 16u;
#endif
}

/** The barrier first: no access may still be on its way when the core stops. */
static inline void safe_cpu_wait(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

#endif
