/* SPDX-License-Identifier: Apache-2.0 */
/* What is the core's own: its interrupt controller, timer and reset. Interrupts are vectored, all
 * of one level, so that none interrupts another. */
#include "core.h"
#include "driver.h"
#include "gd32vf103.h"
#include "isr.h"
#include "safe_target.h"

typedef void (*safe_vector_t)(void);

#define NONE_1 safe_fault_entry
#define NONE_2 NONE_1, NONE_1
#define NONE_7 NONE_2, NONE_2, NONE_2, NONE_1
#define NONE_8 NONE_7, NONE_1
#define NONE_16 NONE_8, NONE_8

typedef char uart_is_on_line_56[SAFE_TARGET_UART_INTERRUPT == 56u ? 1 : -1];

/* An interrupt that nobody asked for is reported like a fault. The core wants the table at a
 * multiple of its size, rounded up to a power of two. */
static const safe_vector_t s_vectors[ECLIC_SOURCES] __attribute__((aligned(512))) = {
    NONE_7,
    safe_isr_timer, /* 0 to 7 */
    NONE_16,
    NONE_16,
    NONE_16,           /* 8 to 55 */
    safe_isr_external, /* 56: USART0 */
    NONE_16,
    NONE_7,
    NONE_7, /* 57 to 86 */
};

volatile uint32_t *const safe_timer_compare = TIMER_COMPARE;
volatile uint32_t *const safe_timer_now = TIMER_NOW;

static void let_through(uint32_t source)
{
    ECLIC_ATTRIBUTE(source) = ECLIC_ATTRIBUTE_VECTORED;
    ECLIC_CONTROL(source) = ECLIC_CONTROL_HIGHEST;
    ECLIC_ENABLE(source) = 1u;
}

/* An NMI is reported as a fault is, its cause is 0xFFF. The comparator of the timer is as far as
 * can be after a reset. */
void safe_interrupts_init(void)
{
    SAFE_CSR_SET(0x7D0, MMISC_CTL_NMI_TO_MTVEC); /* mmisc_ctl */
    SAFE_CSR_WRITE(0x307, (uintptr_t)s_vectors); /* mtvt */
    SAFE_CSR_WRITE(mtvec, (uintptr_t)&safe_isr_vectors | MTVEC_ECLIC);
    SAFE_CSR_CLEAR(0x320, MCOUNTINHIBIT_CYCLE_AND_RETIRED); /* mcountinhibit */
    ECLIC_CFG = ECLIC_CFG_LEVEL_BITS_4;
    let_through(ECLIC_TIMER);
    let_through(SAFE_TARGET_UART_INTERRUPT);
}

void safe_memory_protect(void)
{
    /* Flash is written by way of FMC only, and there is no memory below the stack. */
}

void safe_cpu_reset(void)
{
    SAFE_CSR_CLEAR(mstatus, SAFE_MSTATUS_MIE);
    DBG_RESET_KEY = DBG_RESET_OPEN;
    DBG_RESET = 1u;
    for (;;) {
        /* the reset takes a few instructions to arrive */
    }
}
