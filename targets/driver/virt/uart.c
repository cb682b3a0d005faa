/* SPDX-License-Identifier: Apache-2.0 */
/* Shared with the interrupt handler:
 *   s_ring, s_head   written by the handler only, read by safe_uart_read
 *   s_tail           written by safe_uart_read only, read by the handler
 *   s_rx_status      written by the handler only (bits are set, never cleared)
 * One core, aligned 32-bit words: each access is whole, and volatile keeps their order. */
#include "driver.h"
#include "isr.h"
#include "safe/port.h"
#include "safe_target.h"
#include "virt.h"

#define UART ((safe_ns16550_t *)SAFE_TARGET_UART_BASE)
#define RING_MASK (SAFE_TARGET_RX_RING_BYTES - 1u)

/** Polls for one byte, about a second. The line is held up by whoever reads at its other end, so
 * byte times are no measure here. */
#define TX_POLLS 5000000u

static volatile uint8_t s_ring[SAFE_TARGET_RX_RING_BYTES];
static volatile uint32_t s_head;
static volatile uint32_t s_tail;
static volatile uint32_t s_rx_status;
static uint32_t s_tx_status;

SAFE_INTERRUPT void safe_isr_external(void)
{
    uint32_t source = PLIC_CLAIM;
    uint32_t state = UART->LSR;
    if ((state & NS16550_LSR_ERRORS) != 0u) {
        s_rx_status |= SAFE_PORT_UART_ERROR;
    }
    if ((state & NS16550_LSR_RX_READY) != 0u) {
        uint32_t byte = UART->DATA;
        uint32_t head = s_head;
        if (head - s_tail < SAFE_TARGET_RX_RING_BYTES) {
            s_ring[head & RING_MASK] = (uint8_t)byte;
            s_head = head + 1u;
        } else {
            s_rx_status |= SAFE_PORT_RX_OVERRUN;
        }
    }
    PLIC_CLAIM = source;
}

void safe_uart_init(void)
{
    uint32_t rate = 16u * SAFE_TARGET_UART_BAUD;
    uint32_t divisor = (safe_clock_uart_hz() + rate / 2u) / rate;
    UART->LCR = NS16550_LCR_DLAB;
    UART->DATA = (uint8_t)divisor;
    UART->IER = (uint8_t)(divisor >> 8);
    UART->LCR = NS16550_LCR_8N1;
    UART->FCR = NS16550_FCR_ENABLE_AND_CLEAR;
    UART->IER = NS16550_IER_RX;
    PLIC_PRIORITY(SAFE_TARGET_UART_INTERRUPT) = 1u;
    PLIC_ENABLE(SAFE_TARGET_UART_INTERRUPT / 32u) = 1u << (SAFE_TARGET_UART_INTERRUPT % 32u);
    PLIC_THRESHOLD = 0u;
    SAFE_CSR_SET(mie, SAFE_MIE_EXTERNAL);
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

static bool wait_for(uint32_t flag)
{
    for (uint32_t i = 0; i < TX_POLLS; i++) {
        if ((UART->LSR & flag) != 0u) {
            return true;
        }
    }
    s_tx_status |= SAFE_PORT_TX_TIMEOUT;
    return false;
}

safe_status_t safe_uart_write(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!wait_for(NS16550_LSR_TX_EMPTY)) {
            return SAFE_STATUS_TIMEOUT;
        }
        UART->DATA = bytes[i];
    }
    return SAFE_STATUS_OK;
}

void safe_uart_drain(void)
{
    (void)wait_for(NS16550_LSR_IDLE);
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}
