/* SPDX-License-Identifier: Apache-2.0 */
#include "safe_target.h"
#include "stm32f4.h"

#if SAFE_TARGET_UART_NUMBER == 1
#define UART ((safe_usart_t *)USART1_BASE)
#define UART_ENABLE() (RCC_APB2ENR |= RCC_APB2ENR_USART1, (void)RCC_APB2ENR)
#define PIN_TX 9u /* PA9, PA10: alternate function 7 (DS8626, table of alternate functions) */
#define PIN_RX 10u
#elif SAFE_TARGET_UART_NUMBER == 2
#define UART ((safe_usart_t *)USART2_BASE)
#define UART_ENABLE() (RCC_APB1ENR |= RCC_APB1ENR_USART2, (void)RCC_APB1ENR)
#define PIN_TX 2u /* PA2, PA3: alternate function 7 */
#define PIN_RX 3u
#else
#error "uart.name must be USART1 or USART2"
#endif
#define UART_PORT_ENABLE() (RCC_AHB1ENR |= RCC_AHB1ENR_GPIOA, (void)RCC_AHB1ENR)
#define UART_PORT GPIOA_MODER
#define FUNCTION 7u
#define UART_STATE UART->SR
#define UART_SEND UART->DR

#include "stm32_uart.h"

void safe_isr_uart(void)
{
    /* Reading SR, then DR clears RXNE and the error flags; RM0090 section 30.6.1. */
    uint32_t flags = UART->SR;
    uint32_t byte = UART->DR;
    if ((flags & USART_ERRORS) != 0u) {
        s_rx_status |= SAFE_PORT_UART_ERROR;
    }
    if ((flags & USART_RXNE) != 0u) {
        s_rx_status |= safe_rx_ring_put(&s_ring, byte);
    }
}
