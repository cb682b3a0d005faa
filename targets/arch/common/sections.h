/* SPDX-License-Identifier: Apache-2.0 */
/** @file sections.h The linker script's symbols, and what start-up makes of the memory. */
#ifndef SAFE_SECTIONS_H
#define SAFE_SECTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "safe_target.h"

/* Set by the linker script; only their addresses mean something. */
extern uint32_t __stack_start[];
extern uint32_t __stack_end[];
extern uint32_t __data_start[];
extern uint32_t __data_end[];
extern const uint32_t __data_load[];
extern uint32_t __bss_start[];
extern uint32_t __bss_end[];
#if SAFE_TARGET_HOT_RAM
extern uint32_t __hot_code_start[];
extern uint32_t __hot_code_end[];
extern const uint32_t __hot_code_load[];
extern uint32_t __hot_data_start[];
extern uint32_t __hot_data_end[];
extern const uint32_t __hot_data_load[];
#endif

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

/** Copies the words of a section from where it is stored. */
static inline __attribute__((always_inline)) void
safe_section_copy(uint32_t *start, const uint32_t *end, const uint32_t *load)
{
    size_t words = safe_words_between(start, end);
    for (size_t i = 0; i < words; i++) {
        start[i] = load[i];
    }
}

/** Paints the stack below `stack_pointer`, copies .data and what is hot, clears .bss. Inlined: no
 * call may use the stack that is being painted. */
static inline __attribute__((always_inline)) void safe_sections_start(const uint32_t *stack_pointer)
{
    /* volatile: the loop must not become a call that uses the stack it paints */
    volatile uint32_t *stack = __stack_start;
    size_t free_words = safe_words_between(__stack_start, stack_pointer) - SAFE_PAINT_MARGIN_WORDS;
    for (size_t i = 0; i < free_words; i++) {
        stack[i] = SAFE_STACK_PAINT;
    }
    safe_section_copy(__data_start, __data_end, __data_load);
#if SAFE_TARGET_HOT_RAM
    safe_section_copy(__hot_code_start, __hot_code_end, __hot_code_load);
    safe_section_copy(__hot_data_start, __hot_data_end, __hot_data_load);
#endif
    size_t bss_words = safe_words_between(__bss_start, __bss_end);
    for (size_t i = 0; i < bss_words; i++) {
        __bss_start[i] = 0;
    }
}

#endif
