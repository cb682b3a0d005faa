/* SPDX-License-Identifier: Apache-2.0 */
/** @file port.h What a target provides to the applications. Every call is bounded in time. */
#ifndef SAFE_PORT_H
#define SAFE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/status.h"
#include "safe/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bits of the word that safe_port_status returns; 0 on healthy silicon. */
#define SAFE_PORT_CLOCK_TIMEOUT (1u << 0)  /**< A ready flag of the clock tree never came. */
#define SAFE_PORT_CYCLES_STUCK (1u << 1)   /**< The cycle counter does not count. */
#define SAFE_PORT_UART_ERROR (1u << 2)     /**< Framing, noise or overrun error since boot. */
#define SAFE_PORT_RX_OVERRUN (1u << 3)     /**< The receive ring was full and a byte was lost. */
#define SAFE_PORT_TX_TIMEOUT (1u << 4)     /**< A byte could not be sent in time. */
#define SAFE_PORT_RESET_WATCHDOG (1u << 5) /**< The last reset came from a watchdog. */
#define SAFE_PORT_RESET_FAULT (1u << 6)    /**< The last reset followed a reported fault. */

/** Brings up clock, UART, timebase and cycle counter; called once, first thing in main. */
void safe_port_init(void);

/** Returns the SAFE_PORT_ bits gathered since boot. */
uint32_t safe_port_status(void);

/** Takes up to `capacity` received bytes without waiting; returns how many. */
size_t safe_port_read(uint8_t *bytes, size_t capacity);

/** Sends all bytes, polled; TIMEOUT when the line does not take them. */
SAFE_MUST_CHECK safe_status_t safe_port_write(const uint8_t *bytes, size_t length);

/** Returns the rate in baud, nearest to `baud`, at which the line can run: within 2 %.
 * @return 0 when there is none, or when the line keeps its rate. */
uint32_t safe_port_baud(uint32_t baud);

/** Sends what is under way, then runs the line at a rate that safe_port_baud returned; 0 is the
 * rate after boot. Line errors up to here are forgotten. */
void safe_port_set_baud(uint32_t baud);

/** Milliseconds since boot, wrapping after 2^32. */
uint32_t safe_port_time_ms(void);

/** Reads the cycle counter; false when the target has none or it is stuck. */
bool safe_port_cycles(uint32_t *cycles);

/** True when the cycle counter counts instructions, as an emulator has it: then its counts are a
 * lower bound of a core's cycles. Found out at start, by divisions, which no core does in one. */
bool safe_port_cycles_approximate(void);

/** Core clock in hertz, from the target description. */
uint32_t safe_port_clock_hz(void);

/** Largest stack use since boot in bytes, from the painted stack; 0 when not known. */
uint32_t safe_port_stack_used_bytes(void);

/** Sleeps until the next interrupt, or at most one millisecond. */
void safe_port_idle(void);

/** Returns the flash for what the device learned; null when the target has none. */
const safe_store_flash_t *safe_port_store(void);

/** Starts the watchdog, which resets the device unless it is fed at least every 8 seconds. It
 * cannot be stopped. Without effect on a target that has none. */
void safe_port_watchdog_start(void);

/** Feeds the watchdog: the caller's loop has made progress. */
void safe_port_watchdog_feed(void);

/** Restarts the device; does not return. */
void safe_port_reset(void);

#ifdef __cplusplus
}
#endif

#endif
