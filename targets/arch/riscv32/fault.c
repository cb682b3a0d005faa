/* SPDX-License-Identifier: Apache-2.0 */
/* One report line over the polled UART, then reset:
 *   safe fault: cause=00000007 value=… pc=… lr=… sp=…
 * with mcause, mtval, mepc (privileged architecture 3.1.14 to 3.1.16), ra and sp. The mark in
 * .noinit survives the reset and becomes SAFE_PORT_RESET_FAULT. */
#include "core.h"
#include "driver.h"
#include "isr.h"

#define MARK 0x5AFEFA17u

/* A word and its complement, so that power-up noise is not taken for a mark. */
static volatile uint32_t s_mark[2] __attribute__((section(".noinit")));

void safe_fault_report(uint32_t lr, uint32_t sp) __attribute__((noreturn, used));

static void put_text(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    /* A line that takes no bytes is no reason not to reset. */
    (void)!safe_uart_write((const uint8_t *)text, length);
}

static void put_hex(const char *name, uint32_t value)
{
    char digits[9];
    for (uint32_t i = 0; i < 8u; i++) {
        digits[i] = "0123456789abcdef"[(value >> (28u - 4u * i)) & 15u];
    }
    digits[8] = '\0';
    put_text(name);
    put_text(digits);
}

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
    s_mark[0] = MARK;
    s_mark[1] = ~MARK;
    put_hex("\r\nsafe fault: cause=", cause);
    put_hex(" value=", value);
    put_hex(" pc=", pc);
    put_hex(" lr=", lr);
    put_hex(" sp=", sp);
    put_text("\r\n");
    safe_uart_drain();
    safe_cpu_reset();
}

bool safe_fault_was_reported(void)
{
    bool marked = s_mark[0] == MARK && s_mark[1] == ~MARK;
    s_mark[0] = 0;
    s_mark[1] = 0;
    return marked;
}
