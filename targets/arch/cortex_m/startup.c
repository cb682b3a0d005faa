/* SPDX-License-Identifier: Apache-2.0 */
#include "cortex_m.h"
#include "isr.h"
#include "stack.h"

int main(void);

/** Words below the present stack pointer that painting leaves alone: its own frame. */
#define PAINT_MARGIN_WORDS 16

void safe_reset(void)
{
    SCB_VTOR = (uint32_t)(uintptr_t)&safe_vectors;
    SCB_CPACR |= SCB_CPACR_FPU_FULL;
    safe_cortex_barrier();

    uint32_t *stack_pointer;
    __asm__ volatile("mov %0, sp" : "=r"(stack_pointer));
    /* volatile: the loop must not become a call that uses the stack it paints */
    for (volatile uint32_t *word = __stack_start; word < stack_pointer - PAINT_MARGIN_WORDS;
         word++) {
        *word = SAFE_STACK_PAINT;
    }
    const uint32_t *from = __data_load;
    for (uint32_t *to = __data_start; to < __data_end; to++) {
        *to = *from;
        from++;
    }
    for (uint32_t *to = __bss_start; to < __bss_end; to++) {
        *to = 0;
    }
    (void)main();
    safe_cortex_reset(); /* main of a firmware does not return */
}
