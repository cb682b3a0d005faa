/* SPDX-License-Identifier: Apache-2.0 */
/* s_rx_status is written by the interrupt handler only (bits are set, never cleared) and cleared by
 * safe_uart_set_rate while it cannot run; the ring's words are told in rx_ring.h. */
#include "divider.h"
#include "driver.h"
#include "gd32vf103.h"
#include "isr.h"
#include "rx_ring.h"
#include "safe/port.h"
#include "safe_target.h"
#include "tx.h"

#if SAFE_TARGET_UART_NUMBER != 0
#error "uart.name must be USART0"
#endif

/* PA9 sends, PA10 receives, without remapping (data sheet, "Pin definitions"). */
#define PIN_RX 10u
#define PINS_MASK 0x00000FF0u
#define PINS ((GPIO_ALTERNATE_50_MHZ << 4) | (GPIO_INPUT_PULLED << 8))
#define RUNNING (USART_CTL0_UEN | USART_CTL0_TEN | USART_CTL0_REN | USART_CTL0_RBNEIE)
/** Polls for one byte. One poll takes at least 5 cycles, so this is more than 10 byte times. */
#define TX_POLLS (20u * (SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_UART_BAUD))

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status;
static uint32_t s_tx_status;
static const safe_tx_t s_tx = {&USART0_STAT, &USART0_DATA, USART_STAT_TBE, USART_STAT_TBE,
                               TX_POLLS};

SAFE_INTERRUPT void safe_isr_external(void)
{
    uint32_t flags = USART0_STAT;
    uint32_t byte = USART0_DATA;
    if ((flags & USART_STAT_ERRORS) != 0u) {
        s_rx_status |= SAFE_PORT_UART_ERROR;
    }
    if ((flags & USART_STAT_RBNE) != 0u) {
        s_rx_status |= safe_rx_ring_put(&s_ring, byte);
    }
}

/* The register holds the divider in sixteenths of 16, which is the divider itself, in 16 bits;
 * receiving samples 16 times a bit (chapter USART, "Baud rate generation"). */
static uint32_t divider(uint32_t baud)
{
    return safe_divider(safe_clock_uart_hz(), baud, 16u, 0xFFFFu);
}

void safe_uart_init(void)
{
    RCU_APB2EN |= RCU_APB2EN_PAEN | RCU_APB2EN_USART0EN;
    (void)RCU_APB2EN;         /* two bus cycles before the peripherals answer */
    GPIOA_BOP = 1u << PIN_RX; /* pulled up */
    GPIOA_CTL1 = (GPIOA_CTL1 & ~PINS_MASK) | PINS;
    USART0_BAUD = (safe_clock_uart_hz() + SAFE_TARGET_UART_BAUD / 2u) / SAFE_TARGET_UART_BAUD;
    USART0_CTL0 = RUNNING;
}

uint32_t safe_uart_rate(uint32_t baud)
{
    uint32_t found = divider(baud);
    return found == 0u ? 0u : safe_clock_uart_hz() / found;
}

void safe_uart_set_rate(uint32_t baud)
{
    USART0_CTL0 = 0u;
    USART0_BAUD = divider(baud);
    USART0_CTL0 = RUNNING;
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
    (void)safe_tx_wait(&USART0_STAT, USART_STAT_TC, USART_STAT_TC, TX_POLLS, &s_tx_status);
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}
