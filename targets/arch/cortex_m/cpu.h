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

/** The barrier first: no access may still be on its way when the core stops. */
static inline void safe_cpu_wait(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

#endif
