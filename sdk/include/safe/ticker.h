/* SPDX-License-Identifier: Apache-2.0 */
/** @file ticker.h Ticks of a fixed period, counted from a clock of milliseconds.
 *
 * The main loop asks how many ticks have passed: one is a sample to take, more than one tells that
 * samples were missed. No tick is lost or drifts, whenever the question comes; how late it comes is
 * the jitter. Nothing runs in an interrupt handler.
 */
#ifndef SAFE_TICKER_H
#define SAFE_TICKER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most ticks that one question answers; what lies beyond is forgotten. */
#define SAFE_TICKER_MOST 0xFFFFu

/** Set up by safe_ticker_start. */
typedef struct safe_ticker {
    uint32_t period_us; /**< 0: there are no ticks. */
    uint32_t last_ms;   /**< Time of the last question. */
    uint32_t rest_us;   /**< Time since the last tick at the last question, below one period. */
} safe_ticker_t;

/** Starts: the first tick comes one period after `now_ms`. */
void safe_ticker_start(safe_ticker_t *ticker, uint32_t period_us, uint32_t now_ms);

/** Returns the ticks since the last question, 0 to SAFE_TICKER_MOST. To be asked at least once in
 * 2^32 ms, in which `now_ms` wraps. */
uint32_t safe_ticker_take(safe_ticker_t *ticker, uint32_t now_ms);

#ifdef __cplusplus
}
#endif

#endif
