/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/window.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"

void safe_window_clear(safe_window_t *window)
{
    window->head = 0;
    window->count = 0;
}

int8_t *safe_window_push(safe_window_t *window)
{
    int8_t *slot = &window->samples[(size_t)window->head * window->channels];

    window->head = (uint16_t)(window->head + 1u < window->window ? window->head + 1u : 0u);
    if (window->count < window->window) {
        window->count++;
    }
    return slot;
}

bool safe_window_is_full(const safe_window_t *window)
{
    return window->count == window->window;
}

void safe_window_copy(const safe_window_t *window, int8_t *destination)
{
    size_t newest_bytes = (size_t)window->head * window->channels;
    size_t oldest_bytes = (size_t)(window->window - window->head) * window->channels;

    (void)memcpy(destination, &window->samples[newest_bytes], oldest_bytes);
    (void)memcpy(&destination[oldest_bytes], window->samples, newest_bytes);
}

void safe_horizon_clear(safe_horizon_t *horizon)
{
    horizon->head = 0;
    (void)memset(horizon->sums, 0,
                 (size_t)horizon->horizon * horizon->channels * sizeof horizon->sums[0]);
}

const int32_t *safe_horizon_sums(const safe_horizon_t *horizon)
{
    return &horizon->sums[(size_t)horizon->head * horizon->channels];
}

void safe_horizon_advance(safe_horizon_t *horizon)
{
    int32_t *slot = &horizon->sums[(size_t)horizon->head * horizon->channels];

    for (size_t c = 0; c < horizon->channels; c++) {
        slot[c] = 0;
    }
    horizon->head = (uint16_t)(horizon->head + 1u < horizon->horizon ? horizon->head + 1u : 0u);
}

/** Adds `count` values to the sums. */
static void add(int32_t *sums, const int8_t *values, size_t count)
{
#if SAFE_UNALIGNED_WORDS
    for (; count >= 4u; count -= 4u) {
        uint32_t word;

        (void)memcpy(&word, values, sizeof word);
        sums[0] += (int8_t)word;
        sums[1] += (int8_t)(word >> 8);
        sums[2] += (int8_t)(word >> 16);
        sums[3] += (int8_t)(word >> 24);
        sums += 4;
        values += 4;
    }
#endif
    for (size_t c = 0; c < count; c++) {
        sums[c] += values[c];
    }
}

void safe_horizon_add(safe_horizon_t *horizon, const int8_t *forecast)
{
    size_t slot = horizon->head;

    for (size_t step = 0; step < horizon->horizon; step++) {
        int32_t *sums = &horizon->sums[slot * horizon->channels];

        add(sums, &forecast[step * horizon->channels], horizon->channels);
        slot = slot + 1u < horizon->horizon ? slot + 1u : 0u;
    }
}
