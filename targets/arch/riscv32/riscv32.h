/* SPDX-License-Identifier: Apache-2.0 */
/** @file riscv32.h Machine-mode registers in use; sections of the RISC-V privileged
 * architecture, version 1.12 (20211203). */
#ifndef SAFE_RISCV32_H
#define SAFE_RISCV32_H

#include <stdint.h>

#define SAFE_CSR_READ(name, value) __asm__ volatile("csrr %0, " #name : "=r"(value))
#define SAFE_CSR_WRITE(name, value) __asm__ volatile("csrw " #name ", %0" ::"r"(value) : "memory")
#define SAFE_CSR_SET(name, value) __asm__ volatile("csrs " #name ", %0" ::"r"(value) : "memory")
#define SAFE_CSR_CLEAR(name, value) __asm__ volatile("csrc " #name ", %0" ::"r"(value) : "memory")

#define SAFE_MSTATUS_MIE (1u << 3) /* 3.1.6 */
#define SAFE_MIE_TIMER (1u << 7)   /* 3.1.9 */
#define SAFE_MIE_EXTERNAL (1u << 11)

/** Says what an interrupt handler is: it saves what it uses and returns with mret. */
#define SAFE_INTERRUPT __attribute__((interrupt("machine")))

/* Given by the driver folder, with safe_cpu_reset of core.h. */

/** The comparator and the timer of hart 0, low word first. Objects: a handler calls nothing. */
extern volatile uint32_t *const safe_timer_compare;
extern volatile uint32_t *const safe_timer_now;

/** Returns the frequency of that timer in hertz, measured where it is not certain. Called once,
 * after clock and cycle counter. */
uint32_t safe_timebase_hz(void);

/** Sets up an interrupt controller that mtvec in vectored mode does not reach. Called before main,
 * with interrupts masked. A driver whose chip has none leaves it out. */
void safe_interrupts_init(void);

/** Keeps code from being written, on a target whose code lies in RAM. */
void safe_memory_protect(void);

#endif
