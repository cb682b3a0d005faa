/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/ticker.h"

#define US_PER_MS 1000u

void safe_ticker_start(safe_ticker_t *ticker, uint32_t period_us, uint32_t now_ms)
{
    *ticker = (safe_ticker_t){.period_us = period_us, .last_ms = now_ms, .rest_us = 0};
}

uint32_t safe_ticker_take(safe_ticker_t *ticker, uint32_t now_ms)
{
    /* At most (2^32 - 1) * 1000 + 2^32 - 2 < 2^42. */
    uint64_t passed_us = (uint64_t)(now_ms - ticker->last_ms) * US_PER_MS + ticker->rest_us;
    uint32_t ticks = 0;

    if (ticker->period_us == 0u) {
        return 0;
    }
    while (passed_us >= ticker->period_us && ticks < SAFE_TICKER_MOST) {
        passed_us -= ticker->period_us;
        ticks++;
    }
    ticker->last_ms = now_ms;
    /* Below one period, unless the rest was forgotten. */
    ticker->rest_us = passed_us < ticker->period_us ? (uint32_t)passed_us : 0u;
    return ticks;
}
