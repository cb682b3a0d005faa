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
#include "stm32f4.h"
#include "tx.h"

#if SAFE_TARGET_UART_NUMBER == 1
#define UART ((safe_usart_t *)USART1_BASE)
#define UART_ENABLE() (RCC_APB2ENR |= RCC_APB2ENR_USART1)
#define PIN_TX 9u /* PA9, PA10: alternate function 7 (DS8626, table of alternate functions) */
#define PIN_RX 10u
#elif SAFE_TARGET_UART_NUMBER == 2
#define UART ((safe_usart_t *)USART2_BASE)
#define UART_ENABLE() (RCC_APB1ENR |= RCC_APB1ENR_USART2)
#define PIN_TX 2u /* PA2, PA3: alternate function 7 */
#define PIN_RX 3u
#else
#error "uart.name must be USART1 or USART2"
#endif
#define FUNCTION 7u

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status;
static uint32_t s_tx_status;
static const safe_tx_t s_tx = {&UART->SR, &UART->DR, USART_SR_TXE, USART_SR_TXE,
                               SAFE_STM32_TX_POLLS};

void safe_isr_uart(void)
{
    /* Reading SR, then DR clears RXNE and the error flags; RM0090 section 30.6.1. */
    uint32_t flags = UART->SR;
    uint32_t byte = UART->DR;
    if ((flags & (USART_SR_ORE | USART_SR_NF | USART_SR_FE | USART_SR_PE)) != 0u) {
        s_rx_status |= SAFE_PORT_UART_ERROR;
    }
    if ((flags & USART_SR_RXNE) != 0u) {
        s_rx_status |= safe_rx_ring_put(&s_ring, byte);
    }
}

void safe_uart_init(void)
{
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOA;
    UART_ENABLE();
    (void)RCC_APB1ENR; /* two bus cycles before the peripherals answer */
    (void)RCC_APB2ENR;
    safe_stm32_connect(&GPIOA_MODER, PIN_TX, FUNCTION);
    safe_stm32_connect(&GPIOA_MODER, PIN_RX, FUNCTION);
    /* 16-fold oversampling: BRR is the divider in sixteenths, rounded; RM0090 section 30.3.4. */
    UART->BRR = (safe_clock_uart_hz() + SAFE_TARGET_UART_BAUD / 2u) / SAFE_TARGET_UART_BAUD;
    UART->CR2 = 0u;
    UART->CR3 = 0u;
    UART->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE;
    safe_cortex_irq_enable(SAFE_TARGET_UART_INTERRUPT);
}

uint32_t safe_uart_rate(uint32_t baud)
{
    uint32_t found = safe_stm32_divider(baud);
    return found == 0u ? 0u : safe_clock_uart_hz() / found;
}

void safe_uart_set_rate(uint32_t baud)
{
    UART->CR1 = 0u;
    UART->BRR = safe_stm32_divider(baud);
    UART->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE;
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
    (void)safe_tx_wait(&UART->SR, USART_SR_TC, USART_SR_TC, SAFE_STM32_TX_POLLS, &s_tx_status);
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}
