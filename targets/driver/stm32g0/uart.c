/* SPDX-License-Identifier: Apache-2.0 */
/* s_rx_status is written by the interrupt handler only (bits are set, never cleared); the ring's
 * words are told in rx_ring.h. */
#include "cortex_m.h"
#include "driver.h"
#include "isr.h"
#include "rx_ring.h"
#include "safe/port.h"
#include "safe_target.h"
#include "stm32_uart.h"
#include "stm32g0.h"
#include "tx.h"

#if SAFE_TARGET_UART_NUMBER != 2
#error "uart.name must be USART2"
#endif

#define PIN_TX 2u /* PA2, PA3: alternate function 1 (DS13560, table of alternate functions) */
#define PIN_RX 3u
#define FUNCTION 1u

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status;
static uint32_t s_tx_status;
static const safe_tx_t s_tx = {&USART2_ISR, &USART2_TDR, USART_ISR_TXE, USART_ISR_TXE,
                               SAFE_STM32_TX_POLLS};

void safe_isr_uart(void)
{
    uint32_t flags = USART2_ISR;
    if ((flags & USART_ISR_ERRORS) != 0u) {
        USART2_ICR = flags & USART_ISR_ERRORS;
        s_rx_status |= SAFE_PORT_UART_ERROR;
    }
    if ((flags & USART_ISR_RXNE) != 0u) {
        s_rx_status |= safe_rx_ring_put(&s_ring, USART2_RDR); /* reading clears RXNE */
    }
}

void safe_uart_init(void)
{
    RCC_IOPENR |= RCC_IOPENR_GPIOA;
    RCC_APBENR1 |= RCC_APBENR1_USART2;
    (void)RCC_IOPENR; /* two bus cycles before the peripherals answer */
    (void)RCC_APBENR1;
    safe_stm32_connect(&GPIOA_MODER, PIN_TX, FUNCTION);
    safe_stm32_connect(&GPIOA_MODER, PIN_RX, FUNCTION);
    /* 16-fold oversampling: BRR is the divider, rounded; RM0444 USART, baud rate generation. */
    USART2_BRR = (safe_clock_uart_hz() + SAFE_TARGET_UART_BAUD / 2u) / SAFE_TARGET_UART_BAUD;
    USART2_CR2 = 0u;
    USART2_CR3 = 0u;
    USART2_CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE;
    safe_cortex_irq_enable(SAFE_TARGET_UART_INTERRUPT);
}

uint32_t safe_uart_rate(uint32_t baud)
{
    uint32_t found = safe_stm32_divider(baud);
    return found == 0u ? 0u : safe_clock_uart_hz() / found;
}

void safe_uart_set_rate(uint32_t baud)
{
    USART2_CR1 = 0u; /* BRR can be written while UE is 0 only */
    USART2_BRR = safe_stm32_divider(baud);
    USART2_CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE;
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
    (void)safe_tx_wait(&USART2_ISR, USART_ISR_TC, USART_ISR_TC, SAFE_STM32_TX_POLLS, &s_tx_status);
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}
