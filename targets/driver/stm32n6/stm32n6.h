/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32n6.h The few STM32N657 registers in use, at their Secure addresses.
 *
 * References: RM0486 by chapter and register. Bases: chapter "Memory organization". Of a register
 * of switches in RCC there are three: the value, and two that set (0x800 behind it) or clear
 * (0x1000 behind it) the bits that are written as 1.
 */
#ifndef SAFE_STM32N6_H
#define SAFE_STM32N6_H

#include <stdint.h>

#define SAFE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Reset and clock control: chapter RCC, section "RCC registers", under the register's name. */
#define RCC_SR SAFE_REGISTER(0x56028004u)
#define RCC_CFGR1 SAFE_REGISTER(0x56028020u)
#define RCC_CFGR2 SAFE_REGISTER(0x56028024u)
#define RCC_RSR SAFE_REGISTER(0x56028034u)
#define RCC_HSICFGR SAFE_REGISTER(0x56028048u)
#define RCC_PLL1CFGR1 SAFE_REGISTER(0x56028080u)
#define RCC_PLL1CFGR2 SAFE_REGISTER(0x56028084u)
#define RCC_PLL1CFGR3 SAFE_REGISTER(0x56028088u)
#define RCC_IC1CFGR SAFE_REGISTER(0x560280C4u)
#define RCC_IC2CFGR SAFE_REGISTER(0x560280C8u)
#define RCC_IC6CFGR SAFE_REGISTER(0x560280D8u)
#define RCC_IC11CFGR SAFE_REGISTER(0x560280ECu)
#define RCC_CCIPR13 SAFE_REGISTER(0x56028174u)
#define RCC_AHB4ENR SAFE_REGISTER(0x5602825Cu)
#define RCC_APB2ENR SAFE_REGISTER(0x5602826Cu)
#define RCC_CSR SAFE_REGISTER(0x56028800u) /* sets bits of RCC_CR, the switches of the sources */
#define RCC_DIVENSR SAFE_REGISTER(0x56028A40u)
#define RCC_AHB4ENSR SAFE_REGISTER(0x56028A5Cu)
#define RCC_APB2ENSR SAFE_REGISTER(0x56028A6Cu)
#define RCC_CCR SAFE_REGISTER(0x56029000u) /* clears bits of RCC_CR */

#define RCC_CR_HSION                                                                               \
    (1u << 3) /* RCC_SR has each source's ready flag in the place of its switch                    \
               */
#define RCC_CR_PLL1ON (1u << 8)
#define RCC_CFGR1_CPUSW_IC1 (3u << 16)
#define RCC_CFGR1_CPUSWS_IC1 (3u << 20)
#define RCC_CFGR1_SYSSW_ICS (3u << 24) /* IC2, IC6 and IC11, which change over together */
#define RCC_CFGR1_SYSSWS_ICS (3u << 28)
#define RCC_CFGR1_STATUS (RCC_CFGR1_CPUSWS_IC1 | RCC_CFGR1_SYSSWS_ICS)
#define RCC_CFGR2_PPRE1_SHIFT 0u /* logarithm of a divider to the base 2, as the others here */
#define RCC_CFGR2_PPRE2_SHIFT 4u
#define RCC_CFGR2_HPRE_SHIFT 20u
#define RCC_HSICFGR_HSIDIV_MASK (3u << 7)
#define RCC_PLL1CFGR1_N_SHIFT 8u
#define RCC_PLL1CFGR1_M_SHIFT 20u        /* source: 0 is the HSI; bit 27, bypass, stays 0 */
#define RCC_PLL1CFGR3_MODSSRST (1u << 0) /* the spread spectrum's modulator held in reset, */
#define RCC_PLL1CFGR3_MODSSDIS (1u << 2) /* and off */
#define RCC_PLL1CFGR3_PDIV2_SHIFT 24u
#define RCC_PLL1CFGR3_PDIV1_SHIFT 27u
#define RCC_PLL1CFGR3_PDIVEN (1u << 30)
#define RCC_ICCFGR_INT_SHIFT 16u /* divider - 1; source 0 is PLL1 */
#define RCC_DIVENR_IC1 (1u << 0)
#define RCC_DIVENR_IC2 (1u << 1)
#define RCC_DIVENR_IC6 (1u << 5)
#define RCC_DIVENR_IC11 (1u << 10)
#define RCC_CCIPR13_USART1SEL_MASK 7u /* 0: PCLK2 */
#define RCC_AHB4ENR_GPIOE (1u << 4)
#define RCC_AHB4ENR_PWR (1u << 18)
#define RCC_APB2ENR_USART1 (1u << 4)
#define RCC_RSR_RMVF (1u << 16)
#define RCC_RSR_IWDGRSTF (1u << 26)
#define RCC_RSR_WWDGRSTF (1u << 28)

/* Power control: chapter PWR. */
#define PWR_VOSCR SAFE_REGISTER(0x56024820u)
#define PWR_VOSCR_ACTVOSRDY (1u << 17)

/* GPIO port E: chapter GPIO; its other registers: stm32_uart.h. */
#define GPIOE_MODER SAFE_REGISTER(0x56021000u)

#define USART1_BASE 0x52001000u /* chapter USART; its registers: stm32_usart.h */

/* Caches of the core: DDI 0553 (Armv8-M), section D1.2, under the register's name, and the
 * Cortex-M55 Technical Reference Manual (101051), "Memory System Control Register". */
#define SCB_CCSIDR SAFE_REGISTER(0xE000ED80u)
#define SCB_CSSELR SAFE_REGISTER(0xE000ED84u)
#define SCB_ICIALLU SAFE_REGISTER(0xE000EF50u)
#define SCB_DCISW SAFE_REGISTER(0xE000EF60u)
#define MEMSYSCTL_MSCR SAFE_REGISTER(0xE001E000u)
#define SCB_CCR_DC (1u << 16)
#define SCB_CCR_IC (1u << 17)
#define SCB_CSSELR_DATA 0u /* first level, data */
#define MEMSYSCTL_MSCR_FORCEWT (1u << 2)

#endif
