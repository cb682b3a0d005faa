/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"
#include "isr.h"

int main(void);

#define VECTORED 1u

/* What a driver leaves out whose interrupts come by mtvec alone. */
__attribute__((weak)) void safe_interrupts_init(void)
{
}

/* The first instruction of the image. Without a stack until the fifth. A chip may start in an alias
 * of its flash: addresses are counted from the program counter, which the first jump sets right. */
__attribute__((naked, section(".entry"))) void safe_reset(void)
{
    __asm__ volatile(".option push\n\t"
                     ".option norelax\n\t"
                     "lui   t0, %hi(1f)\n\t"
                     "jr    %lo(1f)(t0)\n"
                     "1:\n\t"
                     "la    gp, __global_pointer$\n\t"
                     ".option pop\n\t"
                     "la    sp, __stack_end\n\t"
                     "j     safe_start\n");
}

void safe_start(void)
{
    SAFE_CSR_WRITE(mtvec, (uintptr_t)&safe_isr_vectors | VECTORED);

    uint32_t *stack_pointer;
    __asm__ volatile("mv %0, sp" : "=r"(stack_pointer));
    safe_sections_start(stack_pointer);
#if SAFE_TARGET_HOT_RAM
    __asm__ volatile("fence.i" ::: "memory"); /* what was copied may run */
#endif
    safe_interrupts_init();
    safe_memory_protect();
    (void)main();
    safe_cpu_reset(); /* main of a firmware does not return */
}
