/* SPDX-License-Identifier: Apache-2.0 */
/* Vector table of the MPS2 images: 16 words of the core (DDI0403E section B1.5.3; on a Cortex-M33
 * number 7 is the SecureFault), then the board's lines. A line that nobody uses ends in the fault
 * report. */
#include "isr.h"
#include "safe_target.h"

#define UNUSED safe_isr_unexpected

#define LINE(n) ((n) == SAFE_TARGET_UART_INTERRUPT ? safe_isr_uart : UNUSED)
#define LINE_4(n) LINE(n), LINE((n) + 1u), LINE((n) + 2u), LINE((n) + 3u)
#define LINE_16(n) LINE_4(n), LINE_4((n) + 4u), LINE_4((n) + 8u), LINE_4((n) + 12u)
#define LINE_32(n) LINE_16(n), LINE_16((n) + 16u)

const safe_vectors_t safe_vectors __attribute__((section(".vectors"), used)) = {
    .stack = __stack_end,
    .core =
        {
            safe_reset,                                             /* 1 reset */
            UNUSED,                                                 /* 2 NMI */
            safe_fault_entry,                                       /* 3 HardFault */
            safe_fault_entry,                                       /* 4 MemManage */
            safe_fault_entry,                                       /* 5 BusFault */
            safe_fault_entry,                                       /* 6 UsageFault */
            safe_fault_entry,                                       /* 7 SecureFault */
            UNUSED, UNUSED, UNUSED, UNUSED, UNUSED, UNUSED, UNUSED, /* 8 to 14 */
            safe_isr_systick,                                       /* 15 */
        },
    .irq =
        {
            LINE_32(0u),
#if SAFE_TARGET_INTERRUPTS > 32u
            LINE_32(32u),
            LINE_32(64u),
#endif
        },
};
