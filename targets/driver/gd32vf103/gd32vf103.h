/* SPDX-License-Identifier: Apache-2.0 */
/** @file gd32vf103.h Registers of the GD32VF103 in use; chapters of its user manual (GigaDevice,
 * "GD32VF103 User Manual"), and for the core Nuclei's "Bumblebee Core Architecture Manual". */
#ifndef SAFE_GD32VF103_H
#define SAFE_GD32VF103_H

#include <stdint.h>

#include "riscv32.h"

#define SAFE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SAFE_BYTE(address) (*(volatile uint8_t *)(uintptr_t)(address))

/* Core: the system timer counts the core's clock divided by four (Bumblebee, "Core timer"). */
#define TIMER_NOW ((volatile uint32_t *)0xD1000000u)
#define TIMER_COMPARE ((volatile uint32_t *)0xD1000008u)
#define TIMER_DIVIDER 4u

/* Core: the interrupt controller, four bytes for each source (Bumblebee, "ECLIC"). */
#define ECLIC_CFG SAFE_BYTE(0xD2000000u)
#define ECLIC_CFG_LEVEL_BITS_4 (4u << 1) /* the four bits of a source are its level */
#define ECLIC_ENABLE(source) SAFE_BYTE(0xD2001001u + 4u * (source))
#define ECLIC_ATTRIBUTE(source) SAFE_BYTE(0xD2001002u + 4u * (source))
#define ECLIC_ATTRIBUTE_VECTORED 1u /* by the table of mtvt, while the source is high */
#define ECLIC_CONTROL(source) SAFE_BYTE(0xD2001003u + 4u * (source))
#define ECLIC_CONTROL_HIGHEST 0xFFu
#define ECLIC_SOURCES 87u
#define ECLIC_TIMER 7u
#define MTVEC_ECLIC 3u
#define MMISC_CTL_NMI_TO_MTVEC (1u << 9)
#define MCOUNTINHIBIT_CYCLE_AND_RETIRED 5u

/* RCU: reset and clock unit */
#define RCU_CTL SAFE_REGISTER(0x40021000u)
#define RCU_CFG0 SAFE_REGISTER(0x40021004u)
#define RCU_APB2EN SAFE_REGISTER(0x40021018u)
#define RCU_RSTSCK SAFE_REGISTER(0x40021024u)
#define RCU_CTL_IRC8MSTB (1u << 1)
#define RCU_CTL_PLLEN (1u << 24)
#define RCU_CTL_PLLSTB (1u << 25)
#define RCU_CFG0_SCS_MASK 3u
#define RCU_CFG0_SCS_PLL 2u
#define RCU_CFG0_SCSS_MASK (3u << 2)
#define RCU_CFG0_SCSS_PLL (2u << 2)
#define RCU_CFG0_APB1PSC_SHIFT 8u
#define RCU_CFG0_APB2PSC_SHIFT 11u
#define RCU_CFG0_PLLMF_SHIFT 18u /* bits 18 to 21; PLLSEL = 0: IRC8M / 2 */
#define RCU_CFG0_PLLMF_4 (1u << 29)
#define RCU_APB2EN_PAEN (1u << 2)
#define RCU_APB2EN_USART0EN (1u << 14)
#define RCU_RSTSCK_RSTFC (1u << 24)
#define RCU_RSTSCK_FWDGTRSTF (1u << 29)
#define RCU_RSTSCK_WWDGTRSTF (1u << 30)

/* FMC: flash memory controller */
#define FMC_KEY0 SAFE_REGISTER(0x40022004u)
#define FMC_STAT0 SAFE_REGISTER(0x4002200Cu)
#define FMC_CTL0 SAFE_REGISTER(0x40022010u)
#define FMC_ADDR0 SAFE_REGISTER(0x40022014u)
#define FMC_UNLOCK_1 0x45670123u
#define FMC_UNLOCK_2 0xCDEF89ABu
#define FMC_STAT0_BUSY (1u << 0)
#define FMC_STAT0_ERRORS ((1u << 2) | (1u << 4)) /* PGERR, WPERR; cleared by writing 1 */
#define FMC_STAT0_ENDF (1u << 5)
#define FMC_CTL0_PG (1u << 0)
#define FMC_CTL0_PER (1u << 1)
#define FMC_CTL0_START (1u << 6)
#define FMC_CTL0_LK (1u << 7)

/* GPIO: four bits a pin; CTL1 has pins 8 to 15 */
#define GPIOA_CTL1 SAFE_REGISTER(0x40010804u)
#define GPIOA_BOP SAFE_REGISTER(0x40010810u)
#define GPIO_ALTERNATE_50_MHZ 0xBu /* push-pull */
#define GPIO_INPUT_PULLED 0x8u     /* up or down by the output register */

/* USART */
#define USART0_STAT SAFE_REGISTER(0x40013800u)
#define USART0_DATA SAFE_REGISTER(0x40013804u)
#define USART0_BAUD SAFE_REGISTER(0x40013808u)
#define USART0_CTL0 SAFE_REGISTER(0x4001380Cu)
#define USART_STAT_ERRORS 0xFu /* PERR, FERR, NERR, ORERR: reading STAT, then DATA clears them */
#define USART_STAT_RBNE (1u << 5)
#define USART_STAT_TC (1u << 6)
#define USART_STAT_TBE (1u << 7)
#define USART_CTL0_REN (1u << 2)
#define USART_CTL0_TEN (1u << 3)
#define USART_CTL0_RBNEIE (1u << 5)
#define USART_CTL0_UEN (1u << 13)

/* DBG: a reset of the system, as the maker's firmware library asks for one */
#define DBG_RESET SAFE_REGISTER(0xE0042008u)
#define DBG_RESET_KEY SAFE_REGISTER(0xE004200Cu)
#define DBG_RESET_OPEN 0x4B5A6978u

#endif
