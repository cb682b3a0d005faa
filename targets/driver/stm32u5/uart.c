/* SPDX-License-Identifier: Apache-2.0 */
#include "safe_target.h"
#include "stm32u5.h"

#if SAFE_TARGET_UART_NUMBER != 1
#error "uart.name must be USART1"
#endif

#define UART ((safe_usart_t *)USART1_BASE)
#define UART_ENABLE() (RCC_APB2ENR |= RCC_APB2ENR_USART1, (void)RCC_APB2ENR)
#define UART_PORT_ENABLE() (RCC_AHB2ENR1 |= RCC_AHB2ENR1_GPIOA, (void)RCC_AHB2ENR1)
#define UART_PORT GPIOA_MODER
#define PIN_TX 9u /* PA9, PA10: alternate function 7 (DS13737, table of alternate functions) */
#define PIN_RX 10u
#define FUNCTION 7u

#include "stm32_usart.h"
