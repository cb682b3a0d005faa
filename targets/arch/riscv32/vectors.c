/* SPDX-License-Identifier: Apache-2.0 */
/* Vectored mode (privileged architecture 3.1.7): exceptions enter at 0, interrupt n at 4 * n. An
 * interrupt that nobody asked for is reported like a fault: `cause` tells which. */
#include "isr.h"

__attribute__((naked, aligned(256))) void safe_isr_vectors(void)
{
    __asm__ volatile(".option push\n\t"
                     ".option norvc\n\t"
                     ".rept 7\n\t"
                     "j     safe_fault_entry\n\t"
                     ".endr\n\t"
                     "j     safe_isr_timer\n\t" /* 7 */
                     ".rept 3\n\t"
                     "j     safe_fault_entry\n\t"
                     ".endr\n\t"
                     "j     safe_isr_external\n\t" /* 11 */
                     ".rept 20\n\t"
                     "j     safe_fault_entry\n\t"
                     ".endr\n\t"
                     ".option pop\n");
}
