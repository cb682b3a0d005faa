/* SPDX-License-Identifier: Apache-2.0 */
/** @file isr.h Exception entries, and the vector table's type. */
#ifndef SAFE_ISR_H
#define SAFE_ISR_H

#include <stdint.h>

#include "safe_target.h"
#include "sections.h"

typedef void (*safe_vector_t)(void);

/** Armv7-M vector table; B1.5.3 of DDI 0403E. */
typedef struct safe_vectors {
    const uint32_t *stack;
    safe_vector_t core[15];
    safe_vector_t irq[SAFE_TARGET_INTERRUPTS];
} safe_vectors_t;

extern const safe_vectors_t safe_vectors;

void safe_reset(void);
void safe_fault_entry(void);
void safe_isr_unexpected(void);
/** A driver's; without one an NMI is an unexpected exception. */
void safe_isr_nmi(void);
void safe_isr_systick(void);
void safe_isr_uart(void);

#endif
