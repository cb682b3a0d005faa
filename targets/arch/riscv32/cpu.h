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

static inline void safe_cpu_wait(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

#endif
