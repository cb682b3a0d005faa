/* SPDX-License-Identifier: Apache-2.0 */
/** @file cpu.h The inlined part of core.h on a 32-bit RISC-V. */
#ifndef SAFE_CPU_H
#define SAFE_CPU_H

#include "core.h"
#include "riscv32.h"

#define SAFE_CPU_HAS_CYCLES 1

static inline uint32_t safe_cpu_cycles(void)
{
    uint32_t cycles;
    SAFE_CSR_READ(mcycle, cycles);
    return cycles;
}

/** Sixteen divisions that depend on each other, with the largest quotient: a divider takes about a
 * cycle for each of its bits. */
static inline bool safe_cpu_counts_instructions(void)
{
    uint32_t quotient = UINT32_MAX;
    uint32_t before = safe_cpu_cycles();
    __asm__ volatile(".rept 16\n\t"
                     "divu %0, %0, %1\n\t"
                     ".endr"
                     : "+r"(quotient)
                     : "r"(1u));
    return safe_cpu_cycles() - before < 2u * 16u;
}

static inline void safe_cpu_wait(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

#endif
