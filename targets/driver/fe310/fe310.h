/* SPDX-License-Identifier: Apache-2.0 */
/** @file fe310.h Registers of the SiFive FE310-G002 in use; chapters of its manual, v1p5. */
#ifndef SAFE_FE310_H
#define SAFE_FE310_H

#include <stdint.h>

#include "plic.h"

/* 6: clock generation */
#define PRCI_HFROSCCFG SAFE_REGISTER(0x10008000u)
#define PRCI_HFXOSCCFG SAFE_REGISTER(0x10008004u)
#define PRCI_PLLCFG SAFE_REGISTER(0x10008008u)
#define PRCI_PLLOUTDIV SAFE_REGISTER(0x1000800Cu)
#define OSC_ENABLE (1u << 30)
#define OSC_READY (1u << 31)
#define HFROSC_BOOT ((16u << 16) | 4u) /* trim and divider out of reset: about 14.4 MHz */
#define PLLCFG_SELECT (1u << 16)       /* the core runs from the PLL */
#define PLLCFG_REFERENCE (1u << 17)    /* the PLL runs from HFXOSC */
#define PLLCFG_BYPASS (1u << 18)
#define PLLCFG_LOCK (1u << 31)
#define PLLOUTDIV_BY_1 (1u << 8)

/* 13 to 15: always-on domain, watchdog, power management */
#define AON_WDOGCFG SAFE_REGISTER(0x10000000u)
#define AON_WDOGCOUNT SAFE_REGISTER(0x10000008u)
#define AON_WDOGFEED SAFE_REGISTER(0x10000018u)
#define AON_WDOGKEY SAFE_REGISTER(0x1000001Cu)
#define AON_WDOGCMP0 SAFE_REGISTER(0x10000020u)
#define AON_PMUCAUSE SAFE_REGISTER(0x10000144u)
#define WDOGKEY_OPEN 0x51F15Eu /* before each write */
#define WDOGFEED_FOOD 0xD09F00Du
#define WDOGCFG_SCALE_8 3u /* the comparator sees the counter shifted by this many bits */
#define WDOGCFG_RESET (1u << 8)
#define WDOGCFG_ALWAYS (1u << 12)
#define PMUCAUSE_RESET(cause) (((cause) >> 8) & 3u)
#define PMUCAUSE_WATCHDOG 2u

/* 17: pins */
#define GPIO_IOF_ENABLE SAFE_REGISTER(0x10012038u)
#define GPIO_IOF_SELECT SAFE_REGISTER(0x1001203Cu)
#define GPIO_UART0 (3u << 16) /* RX on 16, TX on 17, function 0 */

/* 18: UART */
typedef struct safe_sifive_uart {
    volatile uint32_t TXDATA;
    volatile uint32_t RXDATA;
    volatile uint32_t TXCTRL;
    volatile uint32_t RXCTRL;
    volatile uint32_t IE;
    volatile uint32_t IP;
    volatile uint32_t DIV;
} safe_sifive_uart_t;

#define UART_TX_FULL (1u << 31)
#define UART_RX_EMPTY (1u << 31)
#define UART_ENABLE (1u << 0)
#define UART_TX_WATERMARK_1 (1u << 16) /* the transmit watermark is pending on an empty FIFO */
#define UART_IP_TX (1u << 0)
#define UART_IE_RX (1u << 1) /* more than 0 bytes are held */

/* 19: the SPI controller of the flash that code runs from */
#define QSPI0_SCKDIV SAFE_REGISTER(0x10014000u)

#endif
