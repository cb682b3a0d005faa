/* SPDX-License-Identifier: Apache-2.0 */
#include "safe_target.h"
#include "stm32g0.h"

#if SAFE_TARGET_UART_NUMBER != 2
#error "uart.name must be USART2"
#endif

#define UART ((safe_usart_t *)USART2_BASE)
#define UART_ENABLE() (RCC_APBENR1 |= RCC_APBENR1_USART2, (void)RCC_APBENR1)
#define UART_PORT_ENABLE() (RCC_IOPENR |= RCC_IOPENR_GPIOA, (void)RCC_IOPENR)
#define UART_PORT GPIOA_MODER
#define PIN_TX 2u /* PA2, PA3: alternate function 1 (DS13560, table of alternate functions) */
#define PIN_RX 3u
#define FUNCTION 1u

#include "stm32_usart.h"
