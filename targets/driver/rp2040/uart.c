/* SPDX-License-Identifier: Apache-2.0 */
/* s_rx_status is written by the interrupt handler only (bits are set, never cleared); the ring's
 * words are told in rx_ring.h. The FIFO of 32 bytes is on: a handler whose code the flash's cache
 * does not hold may come late. */
#include "cortex_m.h"
#include "divider.h"
#include "driver.h"
#include "isr.h"
#include "rp2040.h"
#include "rx_ring.h"
#include "safe/port.h"
#include "safe_target.h"
#include "tx.h"

#if SAFE_TARGET_UART_NUMBER != 0
#error "uart.name must be UART0"
#endif

/** Polls for one byte. One poll takes at least 5 cycles, so this is more than 10 byte times. */
#define TX_POLLS (20u * (SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_UART_BAUD))
/** Bytes that one interrupt takes at most: what the FIFO holds. */
#define FIFO_BYTES 32u
#define USED (RESETS_IO_BANK0 | RESETS_PADS_BANK0 | RESETS_UART0)

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status;
static uint32_t s_tx_status;
static const safe_tx_t s_tx = {&UART0_FR, &UART0_DR, UART_FR_TXFF, 0u, TX_POLLS};

void safe_isr_uart(void)
{
    for (uint32_t i = 0; i < FIFO_BYTES && (UART0_FR & UART_FR_RXFE) == 0u; i++) {
        uint32_t taken = UART0_DR; /* an empty FIFO clears both interrupts */
        if ((taken & UART_DR_ERRORS) != 0u) {
            s_rx_status |= SAFE_PORT_UART_ERROR;
        }
        s_rx_status |= safe_rx_ring_put(&s_ring, taken & 0xFFu);
    }
}

/** Sixty-fourths of the divider of 16 bit times; 0 when there is none: 1 to 65,535 wholes. */
static uint32_t divider(uint32_t baud)
{
    return safe_divider(4u * safe_clock_uart_hz(), baud, 64u, 0xFFFFu << 6);
}

static void set_divider(uint32_t sixty_fourths)
{
    UART0_IBRD = sixty_fourths >> 6;
    UART0_FBRD = sixty_fourths & 63u;
    UART0_LCR_H = UART_LCR_H_8N1_FIFO; /* takes the divider */
    UART0_CR = UART_CR_ON;
}

void safe_uart_init(void)
{
    RESETS_RESET |= RESETS_UART0; /* as it was left, where only the core was reset */
    RESETS_RESET &= ~USED;
    for (uint32_t i = 0; i < TX_POLLS && (RESETS_DONE & USED) != USED; i++) {
    }
    PADS_BANK0_GPIO1 = PADS_INPUT_PULLED_UP;
    IO_BANK0_GPIO0_CTRL = IO_FUNCTION_UART;
    IO_BANK0_GPIO1_CTRL = IO_FUNCTION_UART;
    UART0_IFLS = UART_IFLS_EIGHTH;
    UART0_IMSC = UART_INTERRUPTS_RX;
    set_divider(divider(SAFE_TARGET_UART_BAUD));
    safe_cortex_irq_enable(SAFE_TARGET_UART_INTERRUPT);
}

uint32_t safe_uart_rate(uint32_t baud)
{
    uint32_t found = divider(baud);
    return found == 0u ? 0u : 4u * safe_clock_uart_hz() / found;
}

void safe_uart_set_rate(uint32_t baud)
{
    UART0_CR = 0u; /* the divider is changed while the UART is off */
    set_divider(divider(baud));
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
    (void)safe_tx_wait(&UART0_FR, UART_FR_BUSY, 0u, FIFO_BYTES * TX_POLLS, &s_tx_status);
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}
