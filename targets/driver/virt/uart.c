/* SPDX-License-Identifier: Apache-2.0 */
#include "divider.h"
#include "driver.h"
#include "isr.h"
#include "rx_ring.h"
#include "safe/port.h"
#include "safe_target.h"
#include "virt.h"

#define UART ((safe_ns16550_t *)SAFE_TARGET_UART_BASE)

/** Polls for one byte, about a second. The line is held up by whoever reads at its other end, so
 * byte times are no measure here. */
#define TX_POLLS 5000000u

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status; /* set by the handler only */
static uint32_t s_tx_status;

SAFE_INTERRUPT void safe_isr_external(void)
{
    uint32_t source = PLIC_CLAIM;
    uint32_t state = UART->LSR;
    if ((state & NS16550_LSR_ERRORS) != 0u) {
        s_rx_status |= SAFE_PORT_UART_ERROR;
    }
    if ((state & NS16550_LSR_RX_READY) != 0u) {
        s_rx_status |= safe_rx_ring_put(&s_ring, UART->DATA);
    }
    PLIC_CLAIM = source;
}

/* The divisor counts sixteenths of a bit, in 16 bits. */
static uint32_t divider(uint32_t baud)
{
    return safe_divider(safe_clock_uart_hz() / 16u, baud, 1u, 0xFFFFu);
}

uint32_t safe_uart_rate(uint32_t baud)
{
    uint32_t found = divider(baud);
    return found == 0u ? 0u : safe_clock_uart_hz() / 16u / found;
}

void safe_uart_set_rate(uint32_t baud)
{
    uint32_t divisor = divider(baud);
    UART->IER = 0;
    UART->LCR = NS16550_LCR_DLAB;
    UART->DATA = (uint8_t)divisor;
    UART->IER = (uint8_t)(divisor >> 8);
    UART->LCR = NS16550_LCR_8N1;
    UART->IER = NS16550_IER_RX;
    s_rx_status = 0u;
}

void safe_uart_init(void)
{
    safe_uart_set_rate(SAFE_TARGET_UART_BAUD);
    UART->FCR = NS16550_FCR_ENABLE_AND_CLEAR;
    UART->IER = NS16550_IER_RX;
    safe_plic_enable(SAFE_TARGET_UART_INTERRUPT);
}

size_t safe_uart_read(uint8_t *bytes, size_t capacity)
{
    return safe_rx_ring_take(&s_ring, bytes, capacity);
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
