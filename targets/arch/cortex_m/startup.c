/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "core.h"
#include "cortex_m.h"
#include "isr.h"
#include "stack.h"

int main(void);

/** Words below the present stack pointer that painting leaves alone: its own frame. */
#define PAINT_MARGIN_WORDS 16u

/* The linker's symbols are no parts of one array: only their addresses can be compared. */
static size_t words_between(const uint32_t *start, const uint32_t *end)
{
    return ((uintptr_t)end - (uintptr_t)start) / sizeof(uint32_t);
}

void safe_reset(void)
{
#ifdef __ARM_ARCH_8M_MAIN__
    /* No stack pointer below the stack's start from here on: DDI 0553 section B3.8. */
    __asm__ volatile("msr msplim, %0" ::"r"(__stack_start));
#endif
    SCB_VTOR = (uint32_t)(uintptr_t)&safe_vectors;
    SCB_CPACR |= SCB_CPACR_FPU_FULL;
    safe_cortex_barrier();

    uint32_t *stack_pointer;
    __asm__ volatile("mov %0, sp" : "=r"(stack_pointer));
    /* volatile: the loop must not become a call that uses the stack it paints */
    volatile uint32_t *stack = __stack_start;
    size_t free_words = words_between(__stack_start, stack_pointer) - PAINT_MARGIN_WORDS;
    for (size_t i = 0; i < free_words; i++) {
        stack[i] = SAFE_STACK_PAINT;
    }
    size_t data_words = words_between(__data_start, __data_end);
    for (size_t i = 0; i < data_words; i++) {
        __data_start[i] = __data_load[i];
    }
    size_t bss_words = words_between(__bss_start, __bss_end);
    for (size_t i = 0; i < bss_words; i++) {
        __bss_start[i] = 0;
    }
    (void)main();
    safe_cpu_reset(); /* main of a firmware does not return */
}
