/* SPDX-License-Identifier: Apache-2.0 */
/* s_rx_status is written by the interrupt handler only (bits are set, never cleared); the ring's
 * words are told in rx_ring.h. */
#include "cortex_m.h"
#include "divider.h"
#include "driver.h"
#include "isr.h"
#include "rx_ring.h"
#include "safe/port.h"
#include "safe_target.h"
#include "stm32f4.h"

#if SAFE_TARGET_UART_NUMBER == 1
#define UART ((safe_usart_t *)USART1_BASE)
#define UART_ENABLE() (RCC_APB2ENR |= RCC_APB2ENR_USART1)
#define PIN_TX 9u /* PA9, PA10: alternate function 7 (DS8626, table of alternate functions) */
#define PIN_RX 10u
#define PIN_AFR GPIOA_AFRH
#elif SAFE_TARGET_UART_NUMBER == 2
#define UART ((safe_usart_t *)USART2_BASE)
#define UART_ENABLE() (RCC_APB1ENR |= RCC_APB1ENR_USART2)
#define PIN_TX 2u /* PA2, PA3: alternate function 7 */
#define PIN_RX 3u
#define PIN_AFR GPIOA_AFRL
#else
#error "uart.name must be USART1 or USART2"
#endif

#define PIN_AF 7u

/** Polls for one byte. One poll takes at least 5 cycles, so this is more than 10 byte times. */
#define TX_POLLS (20u * (SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_UART_BAUD))

static safe_rx_ring_t s_ring;
static volatile uint32_t s_rx_status;
static uint32_t s_tx_status;

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

static void set_pin(uint32_t pin)
{
    uint32_t two = 2u * pin;
    uint32_t four = 4u * (pin & 7u);
    PIN_AFR = (PIN_AFR & ~(15u << four)) | (PIN_AF << four);
    GPIOA_PUPDR = (GPIOA_PUPDR & ~(3u << two)) | (1u << two);
    GPIOA_MODER = (GPIOA_MODER & ~(3u << two)) | (2u << two);
}

void safe_uart_init(void)
{
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOA;
    UART_ENABLE();
    (void)RCC_APB1ENR; /* two bus cycles before the peripherals answer */
    (void)RCC_APB2ENR;
    set_pin(PIN_TX);
    set_pin(PIN_RX);
    /* 16-fold oversampling: BRR is the divider in sixteenths, rounded; RM0090 section 30.3.4. */
    UART->BRR = (safe_clock_uart_hz() + SAFE_TARGET_UART_BAUD / 2u) / SAFE_TARGET_UART_BAUD;
    UART->CR2 = 0u;
    UART->CR3 = 0u;
    UART->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE;
    safe_cortex_irq_enable(SAFE_TARGET_UART_INTERRUPT);
}

/* OVER8 = 0 wants a divider of 16 or more; the register has 16 bits (30.6.3). */
static uint32_t divider(uint32_t baud)
{
    return safe_divider(safe_clock_uart_hz(), baud, 16u, 0xFFFFu);
}

uint32_t safe_uart_rate(uint32_t baud)
{
    uint32_t found = divider(baud);
    return found == 0u ? 0u : safe_clock_uart_hz() / found;
}

void safe_uart_set_rate(uint32_t baud)
{
    UART->CR1 = 0u;
    UART->BRR = divider(baud);
    UART->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE;
    s_rx_status = 0u;
}

size_t safe_uart_read(uint8_t *bytes, size_t capacity)
{
    return safe_rx_ring_take(&s_ring, bytes, capacity);
}

static bool wait_for(uint32_t flag)
{
    for (uint32_t i = 0; i < TX_POLLS; i++) {
        if ((UART->SR & flag) != 0u) {
            return true;
        }
    }
    return false;
}

safe_status_t safe_uart_write(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!wait_for(USART_SR_TXE)) {
            s_tx_status |= SAFE_PORT_TX_TIMEOUT;
            return SAFE_STATUS_TIMEOUT;
        }
        UART->DR = bytes[i];
    }
    return SAFE_STATUS_OK;
}

void safe_uart_drain(void)
{
    if (!wait_for(USART_SR_TC)) {
        s_tx_status |= SAFE_PORT_TX_TIMEOUT;
    }
}

uint32_t safe_uart_status(void)
{
    return s_rx_status | s_tx_status;
}
