/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32_watchdog.h The independent watchdog (IWDG), the same in the STM32F4 (RM0090 section
 * 21), the STM32G0 (RM0444), the STM32N6 (RM0486) and the STM32U5 (RM0456, all chapter IWDG). Once
 * started it cannot be stopped. Included by the watchdog.c of a family, which may define IWDG_BASE
 * before. */
#ifndef SAFE_STM32_WATCHDOG_H
#define SAFE_STM32_WATCHDOG_H

#include <stdint.h>

#include "safe/port.h"

#ifndef IWDG_BASE
#define IWDG_BASE 0x40003000u
#endif
#define IWDG_KR (*(volatile uint32_t *)(uintptr_t)IWDG_BASE)
#define IWDG_PR (*(volatile uint32_t *)(uintptr_t)(IWDG_BASE + 4u))
#define IWDG_RLR (*(volatile uint32_t *)(uintptr_t)(IWDG_BASE + 8u))

#define IWDG_KR_RELOAD 0xAAAAu
#define IWDG_KR_UNLOCK 0x5555u
#define IWDG_KR_START 0xCCCCu
/** LSI / 256. */
#define IWDG_PR_256 6u
/** 12 s at the LSI's nominal 32 kHz. The LSI of an STM32F405 runs at 17 to 47 kHz (DS8626, table
 * "LSI oscillator characteristics"), so 8.2 to 22.6 s: longer than the 4 s that erasing a sector
 * may take, in which nothing feeds the watchdog. */
#define IWDG_RELOAD 1500u

/** Starts the watchdog. The registers take their values some periods of the LSI later, so the
 * first period may be up to 33 s long. */
void safe_port_watchdog_start(void)
{
    /* The start turns the LSI on, which the registers need to take what is written behind it. */
    IWDG_KR = IWDG_KR_START;
    IWDG_KR = IWDG_KR_UNLOCK;
    IWDG_PR = IWDG_PR_256;
    IWDG_RLR = IWDG_RELOAD;
    IWDG_KR = IWDG_KR_RELOAD;
}

void safe_port_watchdog_feed(void)
{
    IWDG_KR = IWDG_KR_RELOAD;
}

#endif
