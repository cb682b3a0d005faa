/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"
#include "cortex_m.h"
#include "isr.h"

int main(void);

void safe_reset(void)
{
#ifdef __ARM_ARCH_8M_MAIN__
    /* No stack pointer below the stack's start from here on: DDI 0553 section B3.8. */
    __asm__ volatile("msr msplim, %0" ::"r"(__stack_start));
#endif
    SCB_VTOR = (uint32_t)(uintptr_t)&safe_vectors;
#if SAFE_CORTEX_BASELINE
    /* Always set there; a larger core that stands for one in an emulator traps, too. */
    SCB_CCR |= SCB_CCR_UNALIGN_TRP;
#else
    SCB_CPACR |= SCB_CPACR_FPU_FULL;
#endif
    safe_cortex_barrier();

    uint32_t *stack_pointer;
    __asm__ volatile("mov %0, sp" : "=r"(stack_pointer));
    safe_sections_start(stack_pointer);
#if SAFE_TARGET_HOT_RAM
    safe_cortex_barrier(); /* what was copied may run */
#endif
    (void)main();
    safe_cpu_reset(); /* main of a firmware does not return */
}
