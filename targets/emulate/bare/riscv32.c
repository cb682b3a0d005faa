/* SPDX-License-Identifier: Apache-2.0 */
#include "bare.h"

void safe_reset(void);
void safe_bare_trap(void);

__attribute__((naked, section(".entry"))) void safe_reset(void)
{
    __asm__ volatile(".option push\n\t"
                     ".option norelax\n\t"
                     "la    gp, __global_pointer$\n\t"
                     ".option pop\n\t"
                     "la    sp, __stack_end\n\t"
                     "la    t0, safe_bare_trap\n\t"
                     "csrw  mtvec, t0\n\t"
                     "j     safe_bare_start\n");
}

__attribute__((aligned(4))) void safe_bare_trap(void)
{
    (void)safe_bare_semihosting(SAFE_SEMIHOSTING_WRITE0, "fault\n");
    safe_bare_exit(1u);
}

__attribute__((naked, noinline)) uint32_t safe_bare_call(safe_bare_run_t run, const void *input,
                                                         void *output, int *status)
{
    (void)run, (void)input, (void)output, (void)status;
    __asm__ volatile("addi  sp, sp, -16\n\t"
                     "sw    ra, 0(sp)\n\t"
                     "sw    s0, 4(sp)\n\t"
                     "sw    s1, 8(sp)\n\t"
                     "sw    a3, 12(sp)\n\t"
                     "mv    t0, a0\n\t"
                     "la    s0, __stack_start\n\t"
                     "li    s1, 0xA5A5C3C3\n\t"
                     "mv    t1, s0\n"
                     "1:\n\t"
                     "sw    s1, 0(t1)\n\t"
                     "addi  t1, t1, 4\n\t"
                     "bltu  t1, sp, 1b\n\t"
                     "mv    a0, a1\n\t"
                     "mv    a1, a2\n\t"
                     "jalr  t0\n\t"
                     "lw    t0, 12(sp)\n\t"
                     "sw    a0, 0(t0)\n"
                     "2:\n\t"
                     "lw    t0, 0(s0)\n\t"
                     "bne   t0, s1, 3f\n\t"
                     "addi  s0, s0, 4\n\t"
                     "bltu  s0, sp, 2b\n"
                     "3:\n\t"
                     "sub   a0, sp, s0\n\t"
                     "lw    ra, 0(sp)\n\t"
                     "lw    s0, 4(sp)\n\t"
                     "lw    s1, 8(sp)\n\t"
                     "addi  sp, sp, 16\n\t"
                     "ret\n");
}

#ifdef SAFE_BARE_CONSOLE

/* The two operations in use, through the registers of ibex/harness.cpp: a core without a debugger
 * takes an ebreak for a fault. */
uint32_t safe_bare_semihosting(uint32_t operation, const void *argument)
{
    volatile uint32_t *console = (volatile uint32_t *)SAFE_BARE_CONSOLE;
    if (operation == SAFE_SEMIHOSTING_WRITE0) {
        for (const char *text = argument; *text != '\0'; text++) {
            console[0] = (uint8_t)*text;
        }
    } else {
        const uint32_t *block = argument;
        console[1] = block[1];
    }
    return 0;
}

#else

/* The three instructions, uncompressed and in one page, are the call. */
__attribute__((naked, noinline, aligned(16))) uint32_t safe_bare_semihosting(uint32_t operation,
                                                                             const void *argument)
{
    (void)operation, (void)argument;
    __asm__ volatile(".option push\n\t"
                     ".option norvc\n\t"
                     "slli  x0, x0, 0x1f\n\t"
                     "ebreak\n\t"
                     "srai  x0, x0, 7\n\t"
                     "ret\n\t"
                     ".option pop\n");
}

#endif
