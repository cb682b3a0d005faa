/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32g0.h The few STM32G0B1 registers in use.
 *
 * References: RM0444 by chapter and register. Bases: chapter "Memory and bus architecture".
 */
#ifndef SAFE_STM32G0_H
#define SAFE_STM32G0_H

#include <stdint.h>

#define SAFE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Reset and clock control: chapter RCC, section "RCC registers", under the register's name. */
#define RCC_CR SAFE_REGISTER(0x40021000u)
#define RCC_CFGR SAFE_REGISTER(0x40021008u)
#define RCC_PLLCFGR SAFE_REGISTER(0x4002100Cu)
#define RCC_IOPENR SAFE_REGISTER(0x40021034u)
#define RCC_APBENR1 SAFE_REGISTER(0x4002103Cu)
#define RCC_CSR SAFE_REGISTER(0x40021060u)

#define RCC_CR_HSION (1u << 8)
#define RCC_CR_HSIRDY (1u << 10)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_CFGR_SW_PLL (2u << 0)
#define RCC_CFGR_SWS_MASK (7u << 3)
#define RCC_CFGR_SWS_PLL (2u << 3)
#define RCC_CFGR_PPRE_SHIFT 12u
#define RCC_PLLCFGR_SOURCE_HSI (2u << 0)
#define RCC_PLLCFGR_M_SHIFT 4u /* divider - 1 */
#define RCC_PLLCFGR_N_SHIFT 8u
#define RCC_PLLCFGR_REN (1u << 28)
#define RCC_PLLCFGR_R_SHIFT 29u /* divider - 1; P and Q are not enabled */
#define RCC_IOPENR_GPIOA (1u << 0)
#define RCC_APBENR1_USART2 (1u << 17)
#define RCC_CSR_RMVF (1u << 23)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)

/* Flash interface: chapter FLASH. */
#define FLASH_ACR SAFE_REGISTER(0x40022000u)
#define FLASH_KEYR SAFE_REGISTER(0x40022008u)
#define FLASH_SR SAFE_REGISTER(0x40022010u)
#define FLASH_CR SAFE_REGISTER(0x40022014u)
#define FLASH_ECC2R SAFE_REGISTER(0x4002201Cu) /* bank 2 */

#define FLASH_ACR_LATENCY_MASK 7u
#define FLASH_ACR_PRFTEN (1u << 8)
#define FLASH_ACR_ICEN (1u << 9)
#define FLASH_ACR_ICRST (1u << 11)
#define FLASH_KEY1 0x45670123u
#define FLASH_KEY2 0xCDEF89ABu
/* OPERR, PROGERR, WRPERR, PGAERR, SIZERR, PGSERR, MISERR, FASTERR; cleared by writing 1 */
#define FLASH_SR_ERRORS 0x3FAu
#define FLASH_SR_BUSY (3u << 17) /* BSY2; CFGBSY: a double word waits for its other word */
#define FLASH_CR_PG (1u << 0)
#define FLASH_CR_PER (1u << 1)
#define FLASH_CR_PNB_SHIFT 3u
#define FLASH_CR_BKER (1u << 13)
#define FLASH_CR_STRT (1u << 16)
#define FLASH_CR_LOCK (1u << 31)
#define FLASH_ECCR_ECCD (1u << 31) /* two wrong bits were read: an NMI; cleared by writing 1 */

/* GPIO port A: chapter GPIO; its other registers: stm32_uart.h. */
#define GPIOA_MODER SAFE_REGISTER(0x50000000u)

#define USART2_BASE 0x40004400u /* chapter USART; its registers: stm32_usart.h */

#endif
