/* SPDX-License-Identifier: Apache-2.0 */
/* s_rx_status is written by the interrupt handler only (bits are set, never cleared); the ring's
 * words are told in rx_ring.h. */
#include "cortex_m.h"
#include "divider.h"
#include "driver.h"
#include "isr.h"
#include "mps2.h"
#include "rx_ring.h"
#include "safe/port.h"
#include "safe_target.h"
#include "tx.h"

#define UART ((safe_cmsdk_uart_t *)SAFE_TARGET_UART_BASE)

/** Polls for one byte: at 5 cycles or more each, at least a second. An emulated line is held up
 * by whoever reads at its other end, so byte times are no measure here. */
#define TX_POLLS (SAFE_TARGET_CLOCK_HZ / 5u)

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status;
static uint32_t s_tx_status;
static const safe_tx_t s_tx = {&UART->STATE, &UART->DATA, CMSDK_STATE_TX_FULL, 0u, TX_POLLS};

void safe_isr_uart(void)
{
    uint32_t state = UART->STATE;
    UART->INTSTATUS = CMSDK_INTERRUPT_RX;
    if ((state & CMSDK_STATE_RX_OVERRUN) != 0u) {
        UART->STATE = CMSDK_STATE_RX_OVERRUN;
        s_rx_status |= SAFE_PORT_UART_ERROR;
    }
    if ((state & CMSDK_STATE_RX_FULL) != 0u) {
        s_rx_status |= safe_rx_ring_put(&s_ring, UART->DATA);
    }
}

void safe_uart_init(void)
{
    UART->BAUDDIV = (safe_clock_uart_hz() + SAFE_TARGET_UART_BAUD / 2u) / SAFE_TARGET_UART_BAUD;
    UART->CTRL = CMSDK_CTRL_TX_ENABLE | CMSDK_CTRL_RX_ENABLE | CMSDK_CTRL_RX_INTERRUPT;
    safe_cortex_irq_enable(SAFE_TARGET_UART_INTERRUPT);
}

/* DDI0479 section 4.3.3: 16 or more, 20 bits. */
static uint32_t divider(uint32_t baud)
{
    return safe_divider(safe_clock_uart_hz(), baud, 16u, 0xFFFFFu);
}

uint32_t safe_uart_rate(uint32_t baud)
{
    uint32_t found = divider(baud);
    return found == 0u ? 0u : safe_clock_uart_hz() / found;
}

void safe_uart_set_rate(uint32_t baud)
{
    UART->BAUDDIV = divider(baud);
    s_rx_status = 0u;
}

size_t safe_uart_read(uint8_t *bytes, size_t capacity)
{
    return safe_rx_ring_take(&s_ring, bytes, capacity);
}

safe_status_t safe_uart_write(const uint8_t *bytes, size_t length)
{
    return safe_tx_write(&s_tx, bytes, length, &s_tx_status);
}

void safe_uart_drain(void)
{
    /* The line has no flag for the shifter: the last byte may be in it. */
    (void)safe_tx_wait(&UART->STATE, CMSDK_STATE_TX_FULL, 0u, TX_POLLS, &s_tx_status);
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}
