/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32f4.h The few STM32F4 registers in use; section numbers are of RM0090 (STM32F405),
 * where the STM32F446 has the same; what only that has is told with RM0390. */
#ifndef SAFE_STM32F4_H
#define SAFE_STM32F4_H

#include <stdint.h>

#define SAFE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Reset and clock control, section 7.3; base from section 2.3. */
#define RCC_CR SAFE_REGISTER(0x40023800u)      /* 7.3.1 */
#define RCC_PLLCFGR SAFE_REGISTER(0x40023804u) /* 7.3.2 */
#define RCC_CFGR SAFE_REGISTER(0x40023808u)    /* 7.3.3 */
#define RCC_AHB1ENR SAFE_REGISTER(0x40023830u) /* 7.3.10 */
#define RCC_APB1ENR SAFE_REGISTER(0x40023840u) /* 7.3.13 */
#define RCC_APB2ENR SAFE_REGISTER(0x40023844u) /* 7.3.14 */
#define RCC_CSR SAFE_REGISTER(0x40023874u)     /* 7.3.21 */

#define RCC_CR_HSION (1u << 0)
#define RCC_CR_HSIRDY (1u << 1)
#define RCC_CR_HSEON (1u << 16)
#define RCC_CR_HSERDY (1u << 17)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_PLLCFGR_KEEP 0xF0000000u /* reserved; PLLR on an STM32F446, which may not be 0 */
#define RCC_PLLCFGR_N_SHIFT 6u
#define RCC_PLLCFGR_P_SHIFT 16u
#define RCC_PLLCFGR_SOURCE_HSE (1u << 22)
#define RCC_PLLCFGR_Q_SHIFT 24u
#define RCC_CFGR_SW_PLL (2u << 0)
#define RCC_CFGR_SWS_MASK (3u << 2)
#define RCC_CFGR_SWS_PLL (2u << 2)
#define RCC_CFGR_PPRE1_SHIFT 10u
#define RCC_CFGR_PPRE2_SHIFT 13u
#define RCC_AHB1ENR_GPIOA (1u << 0)
#define RCC_AHB1ENR_GPIOB (1u << 1)
#define RCC_APB1ENR_I2C1 (1u << 21)
#define RCC_APB1ENR_USART2 (1u << 17)
#define RCC_APB1ENR_PWR (1u << 28)
#define RCC_APB2ENR_USART1 (1u << 4)
#define RCC_CSR_RMVF (1u << 24)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)

/* Power control, section 5.4.1. VOS: one bit on an STM32F405, where 1 is scale 1, needed above
 * 144 MHz; two bits on an STM32F446 (RM0390 section 5.4.1), where 3 is scale 1. */
#define PWR_CR SAFE_REGISTER(0x40007000u)
#define PWR_CR_VOS (1u << 14)
#define PWR_CR_VOS_HIGH (1u << 15)
#define PWR_CR_ODEN (1u << 16) /* over-drive: RM0390 sections 5.1.4 and 5.4.1 */
#define PWR_CR_ODSWEN (1u << 17)
#define PWR_CSR SAFE_REGISTER(0x40007004u) /* RM0390 section 5.4.2 */
#define PWR_CSR_ODRDY (1u << 16)
#define PWR_CSR_ODSWRDY (1u << 17)

/* Flash interface, section 3.9.1. */
#define FLASH_ACR SAFE_REGISTER(0x40023C00u)
#define FLASH_ACR_LATENCY_MASK 7u
#define FLASH_ACR_PRFTEN (1u << 8)
#define FLASH_ACR_ICEN (1u << 9)
#define FLASH_ACR_DCEN (1u << 10)

#define FLASH_ACR_ICRST (1u << 11)            /* only while the instruction cache is off */
#define FLASH_ACR_DCRST (1u << 12)            /* only while the data cache is off */
#define FLASH_KEYR SAFE_REGISTER(0x40023C04u) /* 3.9.2 */
#define FLASH_SR SAFE_REGISTER(0x40023C0Cu)   /* 3.9.4 */
#define FLASH_CR SAFE_REGISTER(0x40023C10u)   /* 3.9.5 */
#define FLASH_KEY1 0x45670123u
#define FLASH_KEY2 0xCDEF89ABu
#define FLASH_SR_ERRORS 0xF2u /* OPERR, WRPERR, PGAERR, PGPERR, PGSERR; cleared by writing 1 */
#define FLASH_SR_BUSY (1u << 16)
#define FLASH_CR_PG (1u << 0)
#define FLASH_CR_SER (1u << 1)
#define FLASH_CR_SNB_SHIFT 3u
#define FLASH_CR_PSIZE_WORD (2u << 8) /* 2.7 to 3.6 V */
#define FLASH_CR_STRT (1u << 16)
#define FLASH_CR_LOCK (1u << 31)

/* GPIO port A, section 8.4; its other registers: stm32_uart.h. */
#define GPIOA_MODER SAFE_REGISTER(0x40020000u) /* 8.4.1 */

/* GPIO port B, section 8.4. */
#define GPIOB_MODER SAFE_REGISTER(0x40020400u)
#define GPIOB_OTYPER SAFE_REGISTER(0x40020404u)
#define GPIOB_PUPDR SAFE_REGISTER(0x4002040Cu)
#define GPIOB_IDR SAFE_REGISTER(0x40020410u)
#define GPIOB_BSRR SAFE_REGISTER(0x40020418u)
#define GPIOB_AFRL SAFE_REGISTER(0x40020420u)

/* I2C1, section 27.6. */
#define I2C1_CR1 SAFE_REGISTER(0x40005400u)   /* 27.6.1 */
#define I2C1_CR2 SAFE_REGISTER(0x40005404u)   /* 27.6.2 */
#define I2C1_DR SAFE_REGISTER(0x40005410u)    /* 27.6.5 */
#define I2C1_SR1 SAFE_REGISTER(0x40005414u)   /* 27.6.6 */
#define I2C1_SR2 SAFE_REGISTER(0x40005418u)   /* 27.6.7 */
#define I2C1_CCR SAFE_REGISTER(0x4000541Cu)   /* 27.6.8 */
#define I2C1_TRISE SAFE_REGISTER(0x40005420u) /* 27.6.9 */
#define I2C_CR1_PE (1u << 0)
#define I2C_CR1_START (1u << 8)
#define I2C_CR1_STOP (1u << 9)
#define I2C_CR1_ACK (1u << 10)
#define I2C_CR1_POS (1u << 11)
#define I2C_CR1_SWRST (1u << 15)
#define I2C_SR1_SB (1u << 0)
#define I2C_SR1_ADDR (1u << 1)
#define I2C_SR1_BTF (1u << 2)
#define I2C_SR1_RXNE (1u << 6)
#define I2C_SR1_TXE (1u << 7)
#define I2C_SR1_BERR (1u << 8)
#define I2C_SR1_ARLO (1u << 9)
#define I2C_SR1_AF (1u << 10)
#define I2C_SR2_BUSY (1u << 1)

/* USART, section 30.6. */
typedef struct safe_usart {
    volatile uint32_t SR;  /* 30.6.1 */
    volatile uint32_t DR;  /* 30.6.2 */
    volatile uint32_t BRR; /* 30.6.3 */
    volatile uint32_t CR1; /* 30.6.4 */
    volatile uint32_t CR2; /* 30.6.5 */
    volatile uint32_t CR3; /* 30.6.6 */
} safe_usart_t;

#define USART1_BASE 0x40011000u
#define USART2_BASE 0x40004400u

#define USART_CR1_RE (1u << 2)
#define USART_CR1_TE (1u << 3)
#define USART_CR1_RXNEIE (1u << 5)
#define USART_CR1_UE (1u << 13)

#endif
