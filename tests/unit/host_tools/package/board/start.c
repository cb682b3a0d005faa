/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up of a user's project on a Cortex-M4F or M33 with FPU: vectors, then newlib's start, whose
 * printf and exit go to the debugger (rdimon.specs). */
#include <stdint.h>

#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88u) /* DDI 0403E B3.2.20 */

extern uint32_t board_stack_end[];
void _start(void);
void board_reset(void);
static void fault(void);

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    (uintptr_t)board_stack_end, (uintptr_t)board_reset, (uintptr_t)fault, (uintptr_t)fault,
    (uintptr_t)fault,           (uintptr_t)fault,       (uintptr_t)fault,
};

void board_reset(void)
{
    SCB_CPACR |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    _start();
}

static void fault(void)
{
    for (;;) {
    }
}
