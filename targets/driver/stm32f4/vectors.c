/* SPDX-License-Identifier: Apache-2.0 */
/* Vector table of the STM32F405: 16 words of the core (PM0214 section 2.3.4), then 82 interrupt
 * positions (RM0090 section 12.1.3). A line that nobody uses ends in the fault report. */
#include "isr.h"
#include "safe_target.h"

#define UNUSED safe_isr_unexpected
#define UNUSED_4 UNUSED, UNUSED, UNUSED, UNUSED
#define UNUSED_12 UNUSED_4, UNUSED_4, UNUSED_4
#define UNUSED_36 UNUSED_12, UNUSED_12, UNUSED_12

#if SAFE_TARGET_UART_NUMBER == 1
#define USART1_VECTOR safe_isr_uart
#define USART2_VECTOR UNUSED
#else
#define USART1_VECTOR UNUSED
#define USART2_VECTOR safe_isr_uart
#endif

const safe_vectors_t safe_vectors __attribute__((section(".vectors"), used)) = {
    .stack = __stack_end,
    .core =
        {
            safe_reset,                     /* 1 reset */
            UNUSED,                         /* 2 NMI */
            safe_fault_entry,               /* 3 HardFault */
            safe_fault_entry,               /* 4 MemManage */
            safe_fault_entry,               /* 5 BusFault */
            safe_fault_entry,               /* 6 UsageFault */
            UNUSED_4,                       /* 7 to 10 reserved */
            UNUSED, UNUSED, UNUSED, UNUSED, /* 11 SVCall, 12 DebugMonitor, 13, 14 PendSV */
            safe_isr_systick,               /* 15 */
        },
    .irq =
        {
            UNUSED_36, UNUSED,                           /* 0 to 36 */
            USART1_VECTOR, USART2_VECTOR,                /* 37, 38 */
            UNUSED_36, UNUSED_4, UNUSED, UNUSED, UNUSED, /* 39 to 81 */
        },
};
