/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32u5.h The few STM32U575 registers in use, at their non-secure addresses (TZEN = 0).
 *
 * References: RM0456 by chapter and register. Bases: chapter "Memory organization".
 */
#ifndef SAFE_STM32U5_H
#define SAFE_STM32U5_H

#include <stdint.h>

#define SAFE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Reset and clock control: chapter RCC, section "RCC registers", under the register's name. */
#define RCC_CR SAFE_REGISTER(0x46020C00u)
#define RCC_CFGR1 SAFE_REGISTER(0x46020C1Cu)
#define RCC_CFGR2 SAFE_REGISTER(0x46020C20u)
#define RCC_PLL1CFGR SAFE_REGISTER(0x46020C28u)
#define RCC_PLL1DIVR SAFE_REGISTER(0x46020C34u)
#define RCC_AHB2ENR1 SAFE_REGISTER(0x46020C8Cu)
#define RCC_AHB3ENR SAFE_REGISTER(0x46020C94u)
#define RCC_APB2ENR SAFE_REGISTER(0x46020CA4u)
#define RCC_CSR SAFE_REGISTER(0x46020CF4u)

#define RCC_CR_MSISRDY (1u << 2)
#define RCC_CR_PLL1ON (1u << 24)
#define RCC_CR_PLL1RDY (1u << 25)
#define RCC_CFGR1_SW_PLL1 (3u << 0)
#define RCC_CFGR1_SWS_MASK (3u << 2)
#define RCC_CFGR1_SWS_PLL1 (3u << 2)
#define RCC_CFGR2_PPRE1_SHIFT 4u
#define RCC_CFGR2_PPRE2_SHIFT 8u
#define RCC_PLL1CFGR_SOURCE_MSIS (1u << 0)
#define RCC_PLL1CFGR_RANGE_8_TO_16_MHZ (3u << 2) /* 0: 4 to 8 MHz */
#define RCC_PLL1CFGR_M_SHIFT 8u                  /* divider - 1 */
#define RCC_PLL1CFGR_MBOOST_SHIFT 12u            /* 0: the booster runs at the PLL's source */
#define RCC_PLL1CFGR_REN (1u << 18)
#define RCC_PLL1DIVR_N_SHIFT 0u /* multiplier - 1 */
#define RCC_PLL1DIVR_P_SHIFT 9u /* divider - 1; P and Q are not enabled */
#define RCC_PLL1DIVR_Q_SHIFT 16u
#define RCC_PLL1DIVR_R_SHIFT 24u
#define RCC_AHB2ENR1_GPIOA (1u << 0)
#define RCC_AHB3ENR_PWR (1u << 2)
#define RCC_APB2ENR_USART1 (1u << 14)
#define RCC_CSR_RMVF (1u << 23)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)

/* Power control: chapter PWR, register PWR_VOSR. VOS = 3 is range 1. */
#define PWR_VOSR SAFE_REGISTER(0x4602080Cu)
#define PWR_VOSR_BOOSTRDY (1u << 14)
#define PWR_VOSR_VOSRDY (1u << 15)
#define PWR_VOSR_VOS_RANGE_1 (3u << 16)
#define PWR_VOSR_BOOSTEN (1u << 18)

/* Flash interface: chapter FLASH, register FLASH_ACR. */
#define FLASH_ACR SAFE_REGISTER(0x40022000u)
#define FLASH_ACR_LATENCY_MASK 15u
#define FLASH_ACR_PRFTEN (1u << 8)

#define FLASH_NSKEYR SAFE_REGISTER(0x40022008u)
#define FLASH_NSSR SAFE_REGISTER(0x40022020u)
#define FLASH_NSCR SAFE_REGISTER(0x40022028u)
#define FLASH_ECCR SAFE_REGISTER(0x40022030u)
#define FLASH_KEY1 0x45670123u
#define FLASH_KEY2 0xCDEF89ABu
#define FLASH_SR_ERRORS 0x20FAu  /* OPERR, PROGERR, WRPERR, PGAERR, SIZERR, PGSERR, OPTWERR */
#define FLASH_SR_BUSY (3u << 16) /* BSY; WDW: a quad-word waits for its other words */
#define FLASH_CR_PG (1u << 0)
#define FLASH_CR_PER (1u << 1)
#define FLASH_CR_PNB_SHIFT 3u
#define FLASH_CR_BKER (1u << 11)
#define FLASH_CR_STRT (1u << 16)
#define FLASH_CR_LOCK (1u << 31)
#define FLASH_ECCR_ECCD (1u << 31) /* two wrong bits were read: an NMI; cleared by writing 1 */

/* Instruction cache: chapter ICACHE. */
#define ICACHE_CR SAFE_REGISTER(0x40030400u)
#define ICACHE_SR SAFE_REGISTER(0x40030404u)
#define ICACHE_CR_EN (1u << 0)
#define ICACHE_CR_CACHEINV (1u << 1)
#define ICACHE_SR_BUSYF (1u << 0)

/* GPIO port A: chapter GPIO; its other registers: stm32_uart.h. */
#define GPIOA_MODER SAFE_REGISTER(0x42020000u)

#define USART1_BASE 0x40013800u /* chapter USART; its registers: stm32_usart.h */

#endif
