/* SPDX-License-Identifier: Apache-2.0 */
/** @file fault.h The line of a fault report and the mark that survives the reset after it.
 *
 * Included by the one file of an architecture that reports faults. */
#ifndef SAFE_FAULT_H
#define SAFE_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "core.h"
#include "driver.h"

#define SAFE_FAULT_MARK 0x5AFEFA17u
/** Longest text of a report; the bound also keeps the compiler from calling strlen. */
#define SAFE_FAULT_MOST_TEXT 64u

/* A word and its complement, so that power-up noise is not taken for a mark. */
static volatile uint32_t s_mark[2] __attribute__((section(".noinit")));

static void put_text(const char *text)
{
    size_t length = 0;
    while (length < SAFE_FAULT_MOST_TEXT && text[length] != '\0') {
        length++;
    }
    /* A line that takes no bytes is no reason not to reset. */
    (void)!safe_uart_write((const uint8_t *)text, length);
}

static void put_hex(const char *name, uint32_t value)
{
    char digits[9];
    for (uint32_t i = 0; i < 8u; i++) {
        digits[i] = "0123456789abcdef"[(value >> (28u - 4u * i)) & 15u];
    }
    digits[8] = '\0';
    put_text(name);
    put_text(digits);
}

static void mark_fault(void)
{
    s_mark[0] = SAFE_FAULT_MARK;
    s_mark[1] = ~SAFE_FAULT_MARK;
}

bool safe_fault_was_reported(void)
{
    bool marked = s_mark[0] == SAFE_FAULT_MARK && s_mark[1] == ~SAFE_FAULT_MARK;
    s_mark[0] = 0;
    s_mark[1] = 0;
    return marked;
}

#endif
