/* SPDX-License-Identifier: Apache-2.0 */
#include "bare.h"
#include "safe_target.h"

#define SCB_CCR (*(volatile uint32_t *)0xE000ED14u) /* DDI 0403E B3.2.8 */
#define SCB_CCR_UNALIGN_TRP (1u << 3)
#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88u) /* DDI 0403E B3.2.20 */
#define SCB_CPACR_FPU_FULL (0xFu << 20)

typedef void (*safe_bare_vector_t)(void);

void safe_reset(void);

static void fault(void)
{
    (void)safe_bare_semihosting(SAFE_SEMIHOSTING_WRITE0, "fault\n");
    safe_bare_exit(1u);
}

static const struct {
    const uint32_t *stack;
    safe_bare_vector_t vectors[15u + SAFE_TARGET_INTERRUPTS];
} s_vectors __attribute__((section(".vectors"), used)) = {
    .stack = __stack_end,
    .vectors = {safe_reset, fault, fault, fault, fault, fault, fault},
};

void safe_reset(void)
{
#if __ARM_ARCH_ISA_THUMB == 1
    /* As a Cortex-M0+ always does, whatever core stands for it. */
    SCB_CCR |= SCB_CCR_UNALIGN_TRP;
#else
    SCB_CPACR |= SCB_CPACR_FPU_FULL;
#endif
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    safe_bare_start();
}

__attribute__((naked, noinline)) uint32_t safe_bare_call(safe_bare_run_t run, const void *input,
                                                         void *output, int *status)
{
    (void)run, (void)input, (void)output, (void)status;
    __asm__ volatile(".syntax unified\n\t"
                     "push  {r3, r4, r5, r6, r7, lr}\n\t" /* a multiple of 8 bytes; r3: status */
                     "mov   r4, r0\n\t"
                     "ldr   r5, =__stack_start\n\t"
                     "ldr   r6, =0xA5A5C3C3\n\t"
                     "mov   r7, r5\n\t"
                     "mov   r3, sp\n"
                     "1:\n\t"
                     "stmia r7!, {r6}\n\t"
                     "cmp   r7, r3\n\t"
                     "blo   1b\n\t"
                     "mov   r0, r1\n\t"
                     "mov   r1, r2\n\t"
                     "blx   r4\n\t"
                     "ldr   r3, [sp]\n\t"
                     "str   r0, [r3]\n\t"
                     "mov   r0, sp\n"
                     "2:\n\t"
                     "ldr   r7, [r5]\n\t"
                     "cmp   r7, r6\n\t"
                     "bne   3f\n\t"
                     "adds  r5, r5, #4\n\t"
                     "cmp   r5, r0\n\t"
                     "blo   2b\n"
                     "3:\n\t"
                     "subs  r0, r0, r5\n\t"
                     "pop   {r3, r4, r5, r6, r7, pc}\n\t"
                     ".ltorg\n");
}

__attribute__((naked, noinline)) uint32_t safe_bare_semihosting(uint32_t operation,
                                                                const void *argument)
{
    (void)operation, (void)argument;
    __asm__ volatile("bkpt  0xAB\n\tbx lr\n");
}
