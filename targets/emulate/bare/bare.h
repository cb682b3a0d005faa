/* SPDX-License-Identifier: Apache-2.0 */
/** @file bare.h A standalone model on a bare core: only start-up, one call at a time, and an end.
 * Output and exit go through semihosting ("Semihosting for AArch32 and AArch64", Arm 100863). No
 * interrupt is enabled, so that every executed instruction is the model's or the harness's. */
#ifndef SAFE_BARE_H
#define SAFE_BARE_H

#include <stdint.h>

#define SAFE_BARE_PAINT 0xA5A5C3C3u

#define SAFE_SEMIHOSTING_WRITE0 0x04u
#define SAFE_SEMIHOSTING_EXIT_EXTENDED 0x20u
#define SAFE_SEMIHOSTING_APPLICATION_EXIT 0x20026u

/** safe_NAME_run without the types of its elements. */
typedef int (*safe_bare_run_t)(const void *input, void *output);

/* Set by the linker script; only their addresses mean something. */
extern uint32_t __stack_start[];
extern uint32_t __stack_end[];
extern uint32_t __data_start[];
extern uint32_t __data_end[];
extern const uint32_t __data_load[];
extern uint32_t __bss_start[];
extern uint32_t __bss_end[];

/** Paints the stack, calls `run`, stores what it returns to `status`; returns the bytes of stack
 * below the caller's pointer at the entry of `run` that were written. The counting ends with the
 * first instruction of this function after the call. */
uint32_t safe_bare_call(safe_bare_run_t run, const void *input, void *output, int *status);

/** One semihosting operation. */
uint32_t safe_bare_semihosting(uint32_t operation, const void *argument);

/** What the image does; its result is the emulator's exit code. */
int main(void);

/** Initialises memory, runs main, ends the emulator with its result. */
void safe_bare_start(void) __attribute__((noreturn));

/** Ends the emulator. */
void safe_bare_exit(uint32_t code) __attribute__((noreturn));

#endif
