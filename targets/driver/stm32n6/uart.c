/* SPDX-License-Identifier: Apache-2.0 */
#include "safe_target.h"
#include "stm32n6.h"

#if SAFE_TARGET_UART_NUMBER != 1
#error "uart.name must be USART1"
#endif

#define UART ((safe_usart_t *)USART1_BASE)
#define UART_ENABLE() (RCC_APB2ENSR = RCC_APB2ENR_USART1, (void)RCC_APB2ENR)
#define UART_PORT_ENABLE() (RCC_AHB4ENSR = RCC_AHB4ENR_GPIOE, (void)RCC_AHB4ENR)
#define UART_PORT GPIOE_MODER
#define PIN_TX 5u /* PE5, PE6: alternate function 7 (DS14791, table of alternate functions) */
#define PIN_RX 6u
#define FUNCTION 7u

#include "stm32_usart.h"
