/* SPDX-License-Identifier: Apache-2.0 */
/* One report line over the polled UART, then reset:
 *   safe fault: exception=3 cfsr=00008200 hfsr=40000000 mmfar=… bfar=… pc=… lr=… psr=…
 * A core without fault registers tells exception, pc, lr and psr.
 * The mark in .noinit survives the reset and becomes SAFE_PORT_RESET_FAULT. */
#include "fault.h"
#include "core.h"
#include "cortex_m.h"
#include "driver.h"
#include "isr.h"

/** One section for all entries: the branch of an Armv6-M core reaches 2 KB. */
#define ENTRY __attribute__((naked, section(".text.safe_fault_entry")))
#define UNKNOWN 0xFFFFFFFFu
#define ICSR_VECTACTIVE 0x1FFu
#define CFSR_STKOF (1u << 20) /* Armv8-M: UsageFault, stack overflow */

/** What the core pushes; B1.5.6 of DDI 0403E. */
typedef struct safe_exception_frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, psr;
} safe_exception_frame_t;

void safe_fault_report(const safe_exception_frame_t *frame) __attribute__((noreturn, used));

/* Takes the frame's address and, when the stack has run out, a fresh stack for the report. The
 * bottom of the stack is the bottom of RAM, so an overflow arrives here as a stacking BusFault
 * with the stack pointer below it; a core with a stack limit raises a UsageFault before that, with
 * the stack pointer just above. 512 bytes are more than the report uses. */
ENTRY void safe_fault_entry(void)
{
    __asm__ volatile(".syntax unified\n\t"
                     "mov   r0, lr\n\t"
                     "lsls  r0, r0, #29\n\t" /* bit 2 becomes the sign */
                     "mrs   r0, msp\n\t"
                     "bpl   1f\n\t"
                     "mrs   r0, psp\n"
                     "1:\n\t"
                     "ldr   r1, =__stack_start + 512\n\t"
                     "cmp   r0, r1\n\t"
                     "bhs   2f\n\t"
                     "ldr   r1, =__stack_end\n\t"
                     "mov   sp, r1\n"
                     "2:\n\t"
                     "bl    safe_fault_report\n\t"
                     ".ltorg\n");
}

void safe_fault_report(const safe_exception_frame_t *frame)
{
    uintptr_t start = (uintptr_t)__stack_start;
    uintptr_t end = (uintptr_t)__stack_end;
    bool readable = (uintptr_t)frame >= start && (uintptr_t)frame <= end - sizeof(*frame);
#if !SAFE_CORTEX_BASELINE
    /* With a stack limit, a frame that did not fit is not written and the stack pointer stays at
     * the limit (DDI 0553, PushStack). */
    if ((SCB_CFSR & CFSR_STKOF) != 0u && (uintptr_t)frame == start) {
        readable = false;
    }
#endif
    uint32_t pc = readable ? frame->pc : UNKNOWN;
    uint32_t lr = readable ? frame->lr : UNKNOWN;
    uint32_t psr = readable ? frame->psr : UNKNOWN;

    mark_fault();
    put_hex("\r\nsafe fault: exception=", SCB_ICSR & ICSR_VECTACTIVE);
#if !SAFE_CORTEX_BASELINE
    put_hex(" cfsr=", SCB_CFSR);
    put_hex(" hfsr=", SCB_HFSR);
    put_hex(" mmfar=", SCB_MMFAR);
    put_hex(" bfar=", SCB_BFAR);
#endif
    put_hex(" pc=", pc);
    put_hex(" lr=", lr);
    put_hex(" psr=", psr);
    put_text("\r\n");
    safe_uart_drain();
    safe_cpu_reset();
}

/* An interrupt that nobody asked for is reported in the same way: `exception` tells which. */
ENTRY void safe_isr_unexpected(void)
{
    __asm__ volatile("b safe_fault_entry\n");
}

__attribute__((weak)) ENTRY void safe_isr_nmi(void)
{
    __asm__ volatile("b safe_fault_entry\n");
}

void safe_cpu_reset(void)
{
    safe_cortex_barrier();
    SCB_AIRCR = SCB_AIRCR_KEY | SCB_AIRCR_SYSRESETREQ;
    safe_cortex_barrier();
    for (;;) {
        /* the reset takes a few cycles to arrive */
    }
}
