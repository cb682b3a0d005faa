/* SPDX-License-Identifier: Apache-2.0 */
/** @file isr.h Trap entries. */
#ifndef SAFE_ISR_H
#define SAFE_ISR_H

#include <stdint.h>

#include "riscv32.h"
#include "sections.h"

/** Jumped to from assembler text, which an optimization at link time does not read. */
#define SAFE_FROM_ASSEMBLER __attribute__((used))

void safe_reset(void);
SAFE_FROM_ASSEMBLER void safe_start(void);
void safe_isr_vectors(void);
SAFE_FROM_ASSEMBLER void safe_fault_entry(void);
SAFE_FROM_ASSEMBLER SAFE_INTERRUPT void safe_isr_timer(void);
/** The driver's: every line of the interrupt controller. */
SAFE_FROM_ASSEMBLER SAFE_INTERRUPT void safe_isr_external(void);

#endif
