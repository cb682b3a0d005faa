/* SPDX-License-Identifier: Apache-2.0 */
/** @file rp2040.h The few RP2040 registers in use.
 *
 * References: RP2040 Datasheet by chapter and register. Bases: "Address map". Every register is
 * written whole; the aliases that set and clear bits are not used.
 */
#ifndef SAFE_RP2040_H
#define SAFE_RP2040_H

#include <stdint.h>

#define SAFE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Resets: a peripheral is held in reset while its bit is set; chapter "Subsystem Resets". */
#define RESETS_RESET SAFE_REGISTER(0x4000C000u)
#define RESETS_DONE SAFE_REGISTER(0x4000C008u)
#define RESETS_IO_BANK0 (1u << 5)
#define RESETS_PADS_BANK0 (1u << 8)
#define RESETS_PLL_SYS (1u << 12)
#define RESETS_UART0 (1u << 22)

/* Crystal oscillator: chapter XOSC. */
#define XOSC_CTRL SAFE_REGISTER(0x40024000u)
#define XOSC_STATUS SAFE_REGISTER(0x40024004u)
#define XOSC_STARTUP SAFE_REGISTER(0x4002400Cu)
#define XOSC_CTRL_1_TO_15_MHZ 0xAA0u
#define XOSC_CTRL_ENABLE (0xFABu << 12)
#define XOSC_STATUS_STABLE (1u << 31)

/* Clock generators: chapter "Clocks". A glitchless multiplexer tells its input as one bit. */
#define CLOCKS_REF_CTRL SAFE_REGISTER(0x40008030u)
#define CLOCKS_REF_SELECTED SAFE_REGISTER(0x40008038u)
#define CLOCKS_SYS_CTRL SAFE_REGISTER(0x4000803Cu)
#define CLOCKS_SYS_SELECTED SAFE_REGISTER(0x40008044u)
#define CLOCKS_PERI_CTRL SAFE_REGISTER(0x40008048u)
#define CLOCKS_REF_SOURCE_XOSC 2u
#define CLOCKS_SYS_SOURCE_REF 0u
#define CLOCKS_SYS_SOURCE_AUX 1u      /* the auxiliary source after reset is the system PLL */
#define CLOCKS_PERI_ENABLE (1u << 11) /* of clk_sys */

/* System PLL: chapter PLL. */
#define PLL_SYS_CS SAFE_REGISTER(0x40028000u)
#define PLL_SYS_PWR SAFE_REGISTER(0x40028004u)
#define PLL_SYS_FBDIV SAFE_REGISTER(0x40028008u)
#define PLL_SYS_PRIM SAFE_REGISTER(0x4002800Cu)
#define PLL_CS_LOCK (1u << 31)
#define PLL_PWR_DSMPD (1u << 2) /* no fraction; always off */
#define PLL_PWR_POSTDIVPD (1u << 3)
#define PLL_PRIM_POSTDIV1_SHIFT 16u
#define PLL_PRIM_POSTDIV2_SHIFT 12u

/* What a watchdog resets: chapter "Power-On State Machine". */
#define PSM_WDSEL SAFE_REGISTER(0x40010008u)
#define PSM_WDSEL_ALL_BUT_OSCILLATORS 0x1FFFCu

/* Watchdog, and the tick of one microsecond that it counts: chapter "Watchdog". */
#define WATCHDOG_CTRL SAFE_REGISTER(0x40058000u)
#define WATCHDOG_LOAD SAFE_REGISTER(0x40058004u)
#define WATCHDOG_REASON SAFE_REGISTER(0x40058008u)
#define WATCHDOG_TICK SAFE_REGISTER(0x4005802Cu)
#define WATCHDOG_CTRL_ENABLE (1u << 30)
#define WATCHDOG_TICK_ENABLE (1u << 9)

/* Pins: chapter GPIO. */
#define IO_BANK0_GPIO0_CTRL SAFE_REGISTER(0x40014004u)
#define IO_BANK0_GPIO1_CTRL SAFE_REGISTER(0x4001400Cu)
#define IO_FUNCTION_UART 2u
#define PADS_BANK0_GPIO1 SAFE_REGISTER(0x4001C008u)
#define PADS_INPUT_PULLED_UP 0x5Au /* IE, 4 mA, PUE, SCHMITT */

/* UART0, a PL011 (DDI 0183): chapter UART. */
#define UART0_DR SAFE_REGISTER(0x40034000u)
#define UART0_FR SAFE_REGISTER(0x40034018u)
#define UART0_IBRD SAFE_REGISTER(0x40034024u)
#define UART0_FBRD SAFE_REGISTER(0x40034028u)
#define UART0_LCR_H SAFE_REGISTER(0x4003402Cu)
#define UART0_CR SAFE_REGISTER(0x40034030u)
#define UART0_IFLS SAFE_REGISTER(0x40034034u)
#define UART0_IMSC SAFE_REGISTER(0x40034038u)
#define UART0_ICR SAFE_REGISTER(0x40034044u)
#define UART_DR_ERRORS 0xF00u /* framing, parity, break, overrun */
#define UART_FR_BUSY (1u << 3)
#define UART_FR_RXFE (1u << 4)
#define UART_FR_TXFF (1u << 5)
#define UART_LCR_H_8N1_FIFO 0x70u
#define UART_CR_ON 0x301u /* UARTEN, TXE, RXE */
#define UART_IFLS_EIGHTH 0u
#define UART_INTERRUPTS_RX 0x50u /* level reached; bytes lie for 32 bit times */

#endif
