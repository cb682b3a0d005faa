/* SPDX-License-Identifier: Apache-2.0 */
#include "divider.h"
#include "driver.h"
#include "fe310.h"
#include "isr.h"
#include "rx_ring.h"
#include "safe/port.h"
#include "safe_target.h"
#include "tx.h"

#define UART ((safe_sifive_uart_t *)SAFE_TARGET_UART_BASE)
/** Depth of the receive FIFO: the most that one interrupt takes. */
#define FIFO_BYTES 8u
/** Polls for one byte: at 256 MHz and 115200 baud a byte takes 22,222 cycles; from an emulator,
 * held up by whoever reads the line, much longer. */
#define TX_POLLS 5000000u
/** Bits of a byte on the line. */
#define FRAME_BITS 10u

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status; /* set by the handler only */
static uint32_t s_tx_status;
static const safe_tx_t s_tx = {&UART->TXDATA, &UART->TXDATA, UART_TX_FULL, 0u, TX_POLLS};

SAFE_INTERRUPT void safe_isr_external(void)
{
    uint32_t source = PLIC_CLAIM;
    for (uint32_t i = 0; i < FIFO_BYTES; i++) {
        uint32_t data = UART->RXDATA;
        if ((data & UART_RX_EMPTY) != 0u) {
            break;
        }
        s_rx_status |= safe_rx_ring_put(&s_ring, data);
    }
    PLIC_CLAIM = source;
}

void safe_uart_init(void)
{
    UART->IE = 0;
    GPIO_IOF_SELECT &= ~GPIO_UART0;
    GPIO_IOF_ENABLE |= GPIO_UART0;
    UART->DIV = (safe_clock_uart_hz() + SAFE_TARGET_UART_BAUD / 2u) / SAFE_TARGET_UART_BAUD - 1u;
    UART->TXCTRL = UART_ENABLE | UART_TX_WATERMARK_1;
    UART->RXCTRL = UART_ENABLE;
    UART->IE = UART_IE_RX;
    safe_plic_enable(SAFE_TARGET_UART_INTERRUPT);
}

/* The register holds the divider less one, in 16 bits; receiving samples 16 times a bit. */
static uint32_t divider(uint32_t baud)
{
    return safe_divider(safe_clock_uart_hz(), baud, 16u, 0x10000u);
}

uint32_t safe_uart_rate(uint32_t baud)
{
    uint32_t found = divider(baud);
    return found == 0u ? 0u : safe_clock_uart_hz() / found;
}

void safe_uart_set_rate(uint32_t baud)
{
    UART->DIV = divider(baud) - 1u;
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
    if (safe_tx_wait(&UART->IP, UART_IP_TX, UART_IP_TX, TX_POLLS, &s_tx_status)) {
        /* The FIFO is empty; the shifter, which no flag shows, has a byte left. */
        for (volatile uint32_t i = 0; i < FRAME_BITS * (UART->DIV + 1u) / 4u; i++) {
            /* four cycles or more a pass */
        }
    }
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}
