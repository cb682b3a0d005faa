/* SPDX-License-Identifier: Apache-2.0 */
/* Milliseconds from the machine timer (privileged architecture 3.2.1), one interrupt each. */
#include "core.h"
#include "isr.h"
#include "safe/port.h"

/* Written by the handler only; one aligned word, so a read is whole. */
static volatile uint32_t s_time_ms;

static uint64_t s_next;

/* A millisecond in ticks, and what is left of it in thousandths of a tick: a timer of 32,768 Hz
 * keeps its time, too. */
static uint32_t s_ticks;
static uint32_t s_left;
static uint32_t s_gathered;

static inline __attribute__((always_inline)) void advance(void)
{
    s_next += s_ticks;
    s_gathered += s_left;
    if (s_gathered >= 1000u) {
        s_gathered -= 1000u;
        s_next++;
    }
}

/* The comparator is written in two halves; the low one goes out of the way first, so that no value
 * in between is in the past (3.2.1). */
static inline __attribute__((always_inline)) void set_compare(uint64_t ticks)
{
    volatile uint32_t *compare = safe_timer_compare;
    compare[0] = UINT32_MAX;
    compare[1] = (uint32_t)(ticks >> 32);
    compare[0] = (uint32_t)ticks;
}

SAFE_INTERRUPT void safe_isr_timer(void)
{
    s_time_ms = s_time_ms + 1u;
    advance();
    set_compare(s_next);
}

static uint64_t now(void)
{
    volatile uint32_t *timer = safe_timer_now;
    uint32_t high, low;
    do {
        high = timer[1];
        low = timer[0];
    } while (timer[1] != high);
    return (uint64_t)high << 32 | low;
}

void safe_timebase_init(void)
{
    uint32_t hz = safe_timebase_hz();
    s_ticks = hz / 1000u;
    s_left = hz % 1000u;
    s_next = now();
    advance();
    set_compare(s_next);
    SAFE_CSR_SET(mie, SAFE_MIE_TIMER);
    SAFE_CSR_SET(mstatus, SAFE_MSTATUS_MIE);
}

uint32_t safe_port_time_ms(void)
{
    return s_time_ms;
}
