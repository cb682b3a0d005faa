/* SPDX-License-Identifier: Apache-2.0 */
/* Shared with the interrupt handler:
 *   s_ring, s_head   written by the handler only, read by safe_uart_read
 *   s_tail           written by safe_uart_read only, read by the handler
 *   s_rx_status      written by the handler only (bits are set, never cleared)
 * One core, aligned 32-bit words: each access is whole, and volatile keeps their order. */
#include "cortex_m.h"
#include "driver.h"
#include "isr.h"
#include "mps2.h"
#include "safe/port.h"
#include "safe_target.h"

#define UART ((safe_cmsdk_uart_t *)SAFE_TARGET_UART_BASE)
#define RING_MASK (SAFE_TARGET_RX_RING_BYTES - 1u)

/** Polls for one byte: at 5 cycles or more each, at least a second. An emulated line is held up
 * by whoever reads at its other end, so byte times are no measure here. */
#define TX_POLLS (SAFE_TARGET_CLOCK_HZ / 5u)

static volatile uint8_t s_ring[SAFE_TARGET_RX_RING_BYTES];
static volatile uint32_t s_head;
static volatile uint32_t s_tail;
static volatile uint32_t s_rx_status;
static uint32_t s_tx_status;

void safe_isr_uart(void)
{
    uint32_t state = UART->STATE;
    UART->INTSTATUS = CMSDK_INTERRUPT_RX;
    if ((state & CMSDK_STATE_RX_OVERRUN) != 0u) {
        UART->STATE = CMSDK_STATE_RX_OVERRUN;
        s_rx_status |= SAFE_PORT_UART_ERROR;
    }
    if ((state & CMSDK_STATE_RX_FULL) != 0u) {
        uint32_t byte = UART->DATA;
        uint32_t head = s_head;
        if (head - s_tail < SAFE_TARGET_RX_RING_BYTES) {
            s_ring[head & RING_MASK] = (uint8_t)byte;
            s_head = head + 1u;
        } else {
            s_rx_status |= SAFE_PORT_RX_OVERRUN;
        }
    }
}

void safe_uart_init(void)
{
    UART->BAUDDIV = (safe_clock_uart_hz() + SAFE_TARGET_UART_BAUD / 2u) / SAFE_TARGET_UART_BAUD;
    UART->CTRL = CMSDK_CTRL_TX_ENABLE | CMSDK_CTRL_RX_ENABLE | CMSDK_CTRL_RX_INTERRUPT;
    safe_cortex_irq_enable(SAFE_TARGET_UART_INTERRUPT);
}

size_t safe_uart_read(uint8_t *bytes, size_t capacity)
{
    uint32_t tail = s_tail;
    size_t held = s_head - tail;
    size_t count = held < capacity ? held : capacity;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = s_ring[tail & RING_MASK];
        tail++;
    }
    s_tail = tail;
    return count;
}

static bool wait_to_send(void)
{
    for (uint32_t i = 0; i < TX_POLLS; i++) {
        if ((UART->STATE & CMSDK_STATE_TX_FULL) == 0u) {
            return true;
        }
    }
    s_tx_status |= SAFE_PORT_TX_TIMEOUT;
    return false;
}

safe_status_t safe_uart_write(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!wait_to_send()) {
            return SAFE_STATUS_TIMEOUT;
        }
        UART->DATA = bytes[i];
    }
    return SAFE_STATUS_OK;
}

void safe_uart_drain(void)
{
    (void)wait_to_send(); /* the line has no flag for the shifter: the last byte may be in it */
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}
