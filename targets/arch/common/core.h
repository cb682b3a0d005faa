/* SPDX-License-Identifier: Apache-2.0 */
/** @file core.h What each architecture of bare metal gives to port.c, beside `cpu.h`.
 *
 * `cpu.h` of the architecture folder holds what must be inlined:
 *   uint32_t safe_cpu_cycles(void)   the cycle counter
 *   void safe_cpu_wait(void)         sleeps until an interrupt
 *   bool safe_cpu_counts_instructions(void)   see safe_port_cycles_approximate; the counter counts
 *   SAFE_CPU_HAS_CYCLES              0 where the core has no cycle counter, which is no failure
 * then
 */
#ifndef SAFE_CORE_H
#define SAFE_CORE_H

#include <stdbool.h>

/** Restarts the device; does not return. */
void safe_cpu_reset(void) __attribute__((noreturn));

/** Starts the cycle counter; false when it does not count, or counts something else. */
bool safe_cycles_init(void);

/** Starts the millisecond timebase from the clock of the target description. */
void safe_timebase_init(void);

/** True once after a reset that followed a fault report; clears the mark. */
bool safe_fault_was_reported(void);

#endif
