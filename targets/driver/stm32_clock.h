/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32_clock.h What the clock trees of the STM32 families have in common. */
#ifndef SAFE_STM32_CLOCK_H
#define SAFE_STM32_CLOCK_H

#include <stdint.h>

#include "safe/port.h"

/** Polls `*reg` until its bits of `mask` are `value`; SAFE_PORT_CLOCK_TIMEOUT after `polls`. */
static inline uint32_t safe_stm32_wait(const volatile uint32_t *reg, uint32_t mask, uint32_t value,
                                       uint32_t polls)
{
    for (uint32_t i = 0; i < polls; i++) {
        if ((*reg & mask) == value) {
            return 0;
        }
    }
    return SAFE_PORT_CLOCK_TIMEOUT;
}

/** Logarithm of a power of two to the base 2. */
static inline uint32_t safe_stm32_log2(uint32_t power)
{
    uint32_t field = 0u;
    for (uint32_t rest = power; rest > 1u; rest >>= 1) {
        field++;
    }
    return field;
}

/** PPRE field for an APB divider of 1, 2, 4, 8 or 16; RM0090 section 7.3.3, RM0456 RCC_CFGR2. */
static inline uint32_t safe_stm32_apb_field(uint32_t divider)
{
    return divider == 1u ? 0u : 3u + safe_stm32_log2(divider);
}

#endif
