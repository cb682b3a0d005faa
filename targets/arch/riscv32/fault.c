/* SPDX-License-Identifier: Apache-2.0 */
/* One report line over the polled UART, then reset:
 *   safe fault: cause=00000007 value=… pc=… lr=… sp=…
 * with mcause, mtval, mepc (privileged architecture 3.1.14 to 3.1.16), ra and sp. The mark in
 * .noinit survives the reset and becomes SAFE_PORT_RESET_FAULT. */
#include "fault.h"
#include "core.h"
#include "driver.h"
#include "isr.h"

void safe_fault_report(uint32_t lr, uint32_t sp) __attribute__((noreturn, used));

/* Nothing is returned to, so the report takes the whole stack anew: an overflow leaves none. A trap
 * enters with interrupts masked (3.1.6.1), and stays so. */
__attribute__((naked)) void safe_fault_entry(void)
{
    __asm__ volatile("mv    a0, ra\n\t"
                     "mv    a1, sp\n\t"
                     "la    sp, __stack_end\n\t"
                     "j     safe_fault_report\n");
}

void safe_fault_report(uint32_t lr, uint32_t sp)
{
    uint32_t cause, value, pc;
    SAFE_CSR_READ(mcause, cause);
    SAFE_CSR_READ(mtval, value);
    SAFE_CSR_READ(mepc, pc);
    mark_fault();
    put_hex("\r\nsafe fault: cause=", cause);
    put_hex(" value=", value);
    put_hex(" pc=", pc);
    put_hex(" lr=", lr);
    put_hex(" sp=", sp);
    put_text("\r\n");
    safe_uart_drain();
    safe_cpu_reset();
}
