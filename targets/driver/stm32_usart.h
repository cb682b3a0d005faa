/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32_usart.h The command UART of the families whose USART has ISR and ICR, with the FIFO
 * off; RM0444 and RM0456, chapter USART. Included as stm32_uart.h is, without UART_STATE,
 * UART_SEND.
 */
#ifndef SAFE_STM32_USART_H
#define SAFE_STM32_USART_H

#include <stdint.h>

typedef struct safe_usart {
    volatile uint32_t CR1;
    volatile uint32_t CR2;
    volatile uint32_t CR3;
    volatile uint32_t BRR;
    uint32_t others[3]; /* GTPR, RTOR, RQR */
    volatile uint32_t ISR;
    volatile uint32_t ICR; /* clears the errors, with their bits of ISR */
    volatile uint32_t RDR;
    volatile uint32_t TDR;
} safe_usart_t;

#define USART_CR1_UE (1u << 0)
#define USART_CR1_RE (1u << 2)
#define USART_CR1_TE (1u << 3)
#define USART_CR1_RXNEIE (1u << 5)

#define UART_STATE UART->ISR
#define UART_SEND UART->TDR
#include "stm32_uart.h"

void safe_isr_uart(void)
{
    uint32_t flags = UART->ISR;
    if ((flags & USART_ERRORS) != 0u) {
        UART->ICR = flags & USART_ERRORS;
        s_rx_status |= SAFE_PORT_UART_ERROR;
    }
    if ((flags & USART_RXNE) != 0u) {
        s_rx_status |= safe_rx_ring_put(&s_ring, UART->RDR); /* reading clears RXNE */
    }
}

#endif
