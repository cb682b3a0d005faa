/* SPDX-License-Identifier: Apache-2.0 */
/** @file ibex.h Registers that targets/emulate/ibex/harness.cpp puts beside the core. */
#ifndef SAFE_IBEX_H
#define SAFE_IBEX_H

#include <stdint.h>

#define SAFE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SERIAL SAFE_REGISTER(SAFE_TARGET_UART_BASE)
#define SERIAL_EMPTY (1u << 31)
#define RESET SAFE_REGISTER(SAFE_TARGET_UART_BASE + 0x08u)
#define TIMER_NOW ((volatile uint32_t *)(SAFE_TARGET_UART_BASE + 0x10u))
#define TIMER_COMPARE ((volatile uint32_t *)(SAFE_TARGET_UART_BASE + 0x18u))

#endif
