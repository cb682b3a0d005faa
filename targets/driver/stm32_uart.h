/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32_uart.h The command UART of the STM32 families.
 *
 * Included by the uart.c of a family, which defines before:
 *   UART           pointer to the registers, with CR1, CR2, CR3 and BRR
 *   UART_STATE     register of the flags
 *   UART_SEND      register that takes a byte to send
 *   UART_ENABLE()  switches the clock of the USART on
 *   UART_PORT_ENABLE() switches the clock of the pins' port on
 *   UART_PORT      first register of the pins' port
 *   PIN_TX, PIN_RX, FUNCTION  pins, and the number of their alternate function
 * and behind it safe_isr_uart, which keeps what arrives. s_rx_status is written by that handler
 * only (bits are set, never cleared); the ring's words are told in rx_ring.h.
 */
#ifndef SAFE_STM32_UART_H
#define SAFE_STM32_UART_H

#include <stdint.h>

#include "cortex_m.h"
#include "divider.h"
#include "driver.h"
#include "isr.h"
#include "rx_ring.h"
#include "safe/port.h"
#include "safe_target.h"
#include "tx.h"

/** Polls for one byte. One poll takes at least 5 cycles, so this is more than 10 byte times. */
#define TX_POLLS (20u * (SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_UART_BAUD))

/* Words of a GPIO port; RM0090 section 8.4.11, RM0444 and RM0456 "GPIO register map". */
#define GPIO_MODER 0u /* 2 bits a pin, 2 is alternate function */
#define GPIO_PUPDR 3u /* 2 bits a pin, 1 is pull-up */
#define GPIO_AFR 8u   /* two words, 4 bits a pin */

/* Flags of the state register, in the same places in all families. */
#define USART_ERRORS 15u /* PE, FE, NE (NF), ORE */
#define USART_RXNE (1u << 5)
#define USART_TC (1u << 6)
#define USART_TXE (1u << 7)
#define USART_ON (USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE)

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status;
static uint32_t s_tx_status;
static const safe_tx_t s_tx = {&UART_STATE, &UART_SEND, USART_TXE, USART_TXE, TX_POLLS};

/** Connects a pin of the UART's port with its alternate function, pulled up. */
static inline void connect(uint32_t pin)
{
    volatile uint32_t *gpio = &UART_PORT;
    volatile uint32_t *afr = &gpio[GPIO_AFR + pin / 8u];
    uint32_t two = 2u * pin;
    uint32_t four = 4u * (pin & 7u);
    *afr = (*afr & ~(15u << four)) | (FUNCTION << four);
    gpio[GPIO_PUPDR] = (gpio[GPIO_PUPDR] & ~(3u << two)) | (1u << two);
    gpio[GPIO_MODER] = (gpio[GPIO_MODER] & ~(3u << two)) | (2u << two);
}

/** Returns the value of BRR for a rate, 0 when there is none: OVER8 = 0 wants a divider of 16 or
 * more, the register has 16 bits; RM0090 section 30.6.3, RM0444 and RM0456 USART_BRR. */
static uint32_t divider(uint32_t baud)
{
    return safe_divider(safe_clock_uart_hz(), baud, 16u, 0xFFFFu);
}

void safe_uart_init(void)
{
    UART_PORT_ENABLE(); /* each of the two reads the register back: two bus cycles before */
    UART_ENABLE();      /* the peripherals answer */
    connect(PIN_TX);
    connect(PIN_RX);
    /* 16-fold oversampling: BRR is the divider, rounded (in sixteenths of 16 bit times); RM0090
     * section 30.3.4, RM0444 and RM0456 USART, baud rate generation. */
    UART->BRR = (safe_clock_uart_hz() + SAFE_TARGET_UART_BAUD / 2u) / SAFE_TARGET_UART_BAUD;
    UART->CR2 = 0u;
    UART->CR3 = 0u;
    UART->CR1 = USART_ON;
    safe_cortex_irq_enable(SAFE_TARGET_UART_INTERRUPT);
}

uint32_t safe_uart_rate(uint32_t baud)
{
    uint32_t found = divider(baud);
    return found == 0u ? 0u : safe_clock_uart_hz() / found;
}

void safe_uart_set_rate(uint32_t baud)
{
    UART->CR1 = 0u; /* the newer ones take BRR while UE is 0 only */
    UART->BRR = divider(baud);
    UART->CR1 = USART_ON;
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
    (void)safe_tx_wait(&UART_STATE, USART_TC, USART_TC, TX_POLLS, &s_tx_status);
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}

#endif
