/* SPDX-License-Identifier: Apache-2.0 */
/** @file plic.h Platform-level interrupt controller and core-local timer where SiFive put them,
 * and QEMU's `virt` after it: FE310-G002 manual chapters 9 and 10, hw/riscv/virt.c. Context 0 is
 * the machine mode of hart 0. */
#ifndef SAFE_PLIC_H
#define SAFE_PLIC_H

#include <stdint.h>

#include "riscv32.h"

#define SAFE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define CLINT_MTIMECMP ((volatile uint32_t *)0x02004000u)
#define CLINT_MTIME ((volatile uint32_t *)0x0200BFF8u)

#define PLIC_PRIORITY(source) SAFE_REGISTER(0x0C000000u + 4u * (source))
#define PLIC_ENABLE(word) SAFE_REGISTER(0x0C002000u + 4u * (word))
#define PLIC_THRESHOLD SAFE_REGISTER(0x0C200000u)
#define PLIC_CLAIM SAFE_REGISTER(0x0C200004u)

/** Lets one source through. A claim that a restart left open is completed: the controller would
 * never ask again. */
static inline void safe_plic_enable(uint32_t source)
{
    PLIC_PRIORITY(source) = 1u;
    PLIC_ENABLE(source / 32u) = 1u << (source % 32u);
    PLIC_THRESHOLD = 0u;
    PLIC_CLAIM = source;
    SAFE_CSR_SET(mie, SAFE_MIE_EXTERNAL);
}

#endif
