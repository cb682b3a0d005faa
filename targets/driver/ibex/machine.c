/* SPDX-License-Identifier: Apache-2.0 */
/* Ibex in its simulator: one clock for core and timer, a serial line that takes every byte. */
#include "core.h"
#include "driver.h"
#include "isr.h"
#include "rx_ring.h"
#include "safe/port.h"
#include "safe_target.h"

#include "ibex.h"

/** Depth of the harness's receive queue: the most that one interrupt takes. */
#define FIFO_BYTES 64u

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status; /* set by the handler only */

volatile uint32_t *const safe_timer_compare = TIMER_COMPARE;
volatile uint32_t *const safe_timer_now = TIMER_NOW;

uint32_t safe_clock_init(void)
{
    return 0;
}

uint32_t safe_clock_uart_hz(void)
{
    return SAFE_TARGET_CLOCK_HZ;
}

uint32_t safe_timebase_hz(void)
{
    return SAFE_TARGET_CLOCK_HZ;
}

uint32_t safe_reset_cause(void)
{
    return 0;
}

void safe_memory_protect(void)
{
    /* A write to code, or below the stack, is a bus error already. */
}

void safe_cpu_reset(void)
{
    RESET = 1u;
    for (;;) {
        /* the reset takes a few instructions to arrive */
    }
}

SAFE_INTERRUPT void safe_isr_external(void)
{
    for (uint32_t i = 0; i < FIFO_BYTES; i++) {
        uint32_t data = SERIAL;
        if ((data & SERIAL_EMPTY) != 0u) {
            break;
        }
        s_rx_status |= safe_rx_ring_put(&s_ring, data);
    }
}

void safe_uart_init(void)
{
    SAFE_CSR_SET(mie, SAFE_MIE_EXTERNAL);
}

size_t safe_uart_read(uint8_t *bytes, size_t capacity)
{
    return safe_rx_ring_take(&s_ring, bytes, capacity);
}

safe_status_t safe_uart_write(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        SERIAL = bytes[i];
    }
    return SAFE_STATUS_OK;
}

void safe_uart_drain(void)
{
    /* a byte has left when it is written */
}

uint32_t safe_uart_status(void)
{
    return s_rx_status;
}
