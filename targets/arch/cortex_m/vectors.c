/* SPDX-License-Identifier: Apache-2.0 */
/* Vector table: the core's 16 words (DDI 0403E section B1.5.3; on an Armv8-M core number 7 is the
 * SecureFault, DDI 0553 section B3.30), then one for each line that the target's description
 * counts. A line that nobody uses ends in the fault report. */
#include "isr.h"
#include "safe_target.h"

#define UNUSED safe_isr_unexpected
#define LINE(n) ((n) == SAFE_TARGET_UART_INTERRUPT ? safe_isr_uart : UNUSED)

const safe_vectors_t safe_vectors __attribute__((section(".vectors"), used)) = {
    .stack = __stack_end,
    .core =
        {
            safe_reset,                                             /* 1 reset */
            safe_isr_nmi,                                           /* 2 NMI */
            safe_fault_entry,                                       /* 3 HardFault */
            safe_fault_entry,                                       /* 4 MemManage */
            safe_fault_entry,                                       /* 5 BusFault */
            safe_fault_entry,                                       /* 6 UsageFault */
            safe_fault_entry,                                       /* 7 SecureFault, or reserved */
            UNUSED, UNUSED, UNUSED, UNUSED, UNUSED, UNUSED, UNUSED, /* 8 to 14 */
            safe_isr_systick,                                       /* 15 */
        },
    .irq = {SAFE_TARGET_INTERRUPT_LINES(LINE)},
};
