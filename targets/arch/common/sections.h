/* SPDX-License-Identifier: Apache-2.0 */
/** @file sections.h The linker script's symbols, and what start-up makes of the memory. */
#ifndef SAFE_SECTIONS_H
#define SAFE_SECTIONS_H

#include <stddef.h>
#include <stdint.h>

/* Set by the linker script; only their addresses mean something. */
extern uint32_t __stack_start[];
extern uint32_t __stack_end[];
extern uint32_t __data_start[];
extern uint32_t __data_end[];
extern const uint32_t __data_load[];
extern uint32_t __bss_start[];
extern uint32_t __bss_end[];

/** What start-up paints the stack with: unlikely as data, and an address where nothing is mapped.
 */
#define SAFE_STACK_PAINT 0xA5A5C3C3u
/** Words below the present stack pointer that painting leaves alone: its own frame. */
#define SAFE_PAINT_MARGIN_WORDS 16u

/** The linker's symbols are no parts of one array: only their addresses can be compared. */
static inline size_t safe_words_between(const uint32_t *start, const uint32_t *end)
{
    return ((uintptr_t)end - (uintptr_t)start) / sizeof(uint32_t);
}

/** Paints the stack below `stack_pointer`, copies .data, clears .bss. Inlined: no call may use the
 * stack that is being painted. */
static inline __attribute__((always_inline)) void safe_sections_start(const uint32_t *stack_pointer)
{
    /* volatile: the loop must not become a call that uses the stack it paints */
    volatile uint32_t *stack = __stack_start;
    size_t free_words = safe_words_between(__stack_start, stack_pointer) - SAFE_PAINT_MARGIN_WORDS;
    for (size_t i = 0; i < free_words; i++) {
        stack[i] = SAFE_STACK_PAINT;
    }
    size_t data_words = safe_words_between(__data_start, __data_end);
    for (size_t i = 0; i < data_words; i++) {
        __data_start[i] = __data_load[i];
    }
    size_t bss_words = safe_words_between(__bss_start, __bss_end);
    for (size_t i = 0; i < bss_words; i++) {
        __bss_start[i] = 0;
    }
}

#endif
