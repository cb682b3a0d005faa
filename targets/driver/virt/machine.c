/* SPDX-License-Identifier: Apache-2.0 */
/* Clock, timer, reset and memory protection of the machine. */
#include "core.h"
#include "driver.h"
#include "isr.h"
#include "safe_target.h"
#include "virt.h"

/** Input of the NS16550, the classic crystal of a PC: hw/riscv/virt.c. */
#define UART_HZ 3686400u

/* pmpcfg0 by bytes, one for each region: the lower bound of the code (off), then top of range,
 * locked, executable and readable; privileged architecture 3.7.1. */
#define PMP_CODE_LOCKED_RX 0x8D00u

extern const uint32_t __code_start[];

volatile uint32_t *const safe_timer_compare = CLINT_MTIMECMP;
volatile uint32_t *const safe_timer_now = CLINT_MTIME;

uint32_t safe_clock_init(void)
{
    return 0;
}

uint32_t safe_clock_uart_hz(void)
{
    return UART_HZ;
}

uint32_t safe_timebase_hz(void)
{
    return SAFE_TARGET_CLOCK_HZ; /* the machine has no other clock */
}

uint32_t safe_reset_cause(void)
{
    return 0;
}

/* The machine has no flash: code lies in RAM below the stack, where an overflow would destroy it
 * in silence. */
void safe_memory_protect(void)
{
    SAFE_CSR_WRITE(pmpaddr0, (uintptr_t)__code_start >> 2);
    SAFE_CSR_WRITE(pmpaddr1, (uintptr_t)__stack_start >> 2);
    SAFE_CSR_WRITE(pmpcfg0, PMP_CODE_LOCKED_RX);
}

void safe_cpu_reset(void)
{
    FINISHER = FINISHER_RESET;
    for (;;) {
        /* the reset takes a few instructions to arrive */
    }
}
