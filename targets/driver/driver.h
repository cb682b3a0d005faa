/* SPDX-License-Identifier: Apache-2.0 */
/** @file driver.h What a driver folder gives to the architecture folder. Every wait is bounded.
 *
 * Interrupt handlers are named safe_isr_<noun>, call nothing that is not inlined into them, and
 * stay below about fifty instructions: the instruction counter leaves them out by that name.
 */
#ifndef SAFE_DRIVER_H
#define SAFE_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#include "safe/status.h"

/** Brings up the clock tree of the target description; returns SAFE_PORT_ bits, 0 when well.
 * On failure the chip stays on the oscillator that it booted from. */
uint32_t safe_clock_init(void);

/** Input clock of the command UART in hertz, as it is now. */
uint32_t safe_clock_uart_hz(void);

/** Returns and clears why the chip last reset, as SAFE_PORT_ bits. */
uint32_t safe_reset_cause(void);

/** Sets up the command UART: interrupt receive, polled transmit. */
void safe_uart_init(void);

/** Takes up to `capacity` bytes from the receive ring; returns how many. Main context only. */
size_t safe_uart_read(uint8_t *bytes, size_t capacity);

/** Sends all bytes, polled. Usable in a fault handler. @return TIMEOUT when the line is stuck. */
SAFE_MUST_CHECK safe_status_t safe_uart_write(const uint8_t *bytes, size_t length);

/** Waits until the last byte has left the shifter, or gives up. */
void safe_uart_drain(void);

/** Returns the rate, nearest to `baud`, at which the UART can run; 0 when none is within 2 %.
 * A driver that leaves this and safe_uart_set_rate out keeps the rate of the description. */
uint32_t safe_uart_rate(uint32_t baud);

/** Runs the UART at a rate that safe_uart_rate returned, and clears its receive errors. The caller
 * has drained it. */
void safe_uart_set_rate(uint32_t baud);

/** Returns the SAFE_PORT_ bits gathered by the UART since boot, or since its rate was set. */
uint32_t safe_uart_status(void);

#endif
