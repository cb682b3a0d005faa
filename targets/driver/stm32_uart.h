/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32_uart.h What the UARTs of the STM32 families have in common. */
#ifndef SAFE_STM32_UART_H
#define SAFE_STM32_UART_H

#include <stdint.h>

#include "divider.h"
#include "driver.h"
#include "safe_target.h"

/** Polls for one byte. One poll takes at least 5 cycles, so this is more than 10 byte times. */
#define SAFE_STM32_TX_POLLS (20u * (SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_UART_BAUD))

/* Words of a GPIO port; RM0090 section 8.4.11, RM0444 and RM0456 "GPIO register map". */
#define SAFE_STM32_MODER 0u /* 2 bits a pin, 2 is alternate function */
#define SAFE_STM32_PUPDR 3u /* 2 bits a pin, 1 is pull-up */
#define SAFE_STM32_AFR 8u   /* two words, 4 bits a pin */

/** Connects a pin of the port at `gpio` with an alternate function, pulled up. */
static inline void safe_stm32_connect(volatile uint32_t *gpio, uint32_t pin, uint32_t function)
{
    volatile uint32_t *afr = &gpio[SAFE_STM32_AFR + pin / 8u];
    uint32_t two = 2u * pin;
    uint32_t four = 4u * (pin & 7u);
    *afr = (*afr & ~(15u << four)) | (function << four);
    gpio[SAFE_STM32_PUPDR] = (gpio[SAFE_STM32_PUPDR] & ~(3u << two)) | (1u << two);
    gpio[SAFE_STM32_MODER] = (gpio[SAFE_STM32_MODER] & ~(3u << two)) | (2u << two);
}

/** Returns the value of BRR for a rate, 0 when there is none: OVER8 = 0 wants a divider of 16 or
 * more, the register has 16 bits; RM0090 section 30.6.3, RM0456 USART_BRR. */
static uint32_t safe_stm32_divider(uint32_t baud)
{
    return safe_divider(safe_clock_uart_hz(), baud, 16u, 0xFFFFu);
}

#endif
