/* SPDX-License-Identifier: Apache-2.0 */
/** @file isr.h Exception entries, the vector table's type, and the linker script's symbols. */
#ifndef SAFE_ISR_H
#define SAFE_ISR_H

#include <stdint.h>

#include "safe_target.h"

typedef void (*safe_vector_t)(void);

/** Armv7-M vector table; B1.5.3 of DDI 0403E. */
typedef struct safe_vectors {
    const uint32_t *stack;
    safe_vector_t core[15];
    safe_vector_t irq[SAFE_TARGET_INTERRUPTS];
} safe_vectors_t;

/* Set by the linker script; only their addresses mean something. */
extern uint32_t __stack_start[];
extern uint32_t __stack_end[];
extern uint32_t __data_start[];
extern uint32_t __data_end[];
extern const uint32_t __data_load[];
extern uint32_t __bss_start[];
extern uint32_t __bss_end[];

extern const safe_vectors_t safe_vectors;

void safe_reset(void);
void safe_fault_entry(void);
void safe_isr_unexpected(void);
void safe_isr_systick(void);
void safe_isr_uart(void);

#endif
