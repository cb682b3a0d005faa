/* SPDX-License-Identifier: Apache-2.0 */
/* Microseconds and decimals, for an application that reports in text. */
#include "app.h"

#include "safe/exact_float.h"
#include "safe/port.h"

/** Without a look at the cycle counter for so long it may have run around: milliseconds count. */
#define CYCLES_MS 5000u
#define US_PER_S 1000000u

/** Time since the start; only the main loop touches it. */
static struct {
    uint32_t us;
    uint32_t ms;
    uint32_t cycles;
} watch;

uint32_t safe_app_time_us(void)
{
    uint32_t ms = safe_port_time_ms();
    uint32_t hz = safe_port_clock_hz();
    uint32_t cycles = 0;

    if (safe_port_cycles(&cycles) && hz != 0u && ms - watch.ms < CYCLES_MS) {
        watch.us += (uint32_t)((uint64_t)(cycles - watch.cycles) * US_PER_S / hz);
    } else {
        watch.us += (ms - watch.ms) * 1000u;
    }
    watch.ms = ms;
    watch.cycles = cycles;
    return watch.us;
}

void safe_app_print_decimal(float value)
{
    float size = value < 0.0f ? -value : value;
    uint32_t whole = size < 4294967040.0f ? (uint32_t)size : UINT32_MAX;
    uint32_t rest = (uint32_t)((size - (float)whole) * 1000.0f + 0.5f);

    if (whole == UINT32_MAX || rest > 1000u) {
        rest = 0;
    }
    if (rest == 1000u) {
        whole++;
        rest = 0;
    }
    safe_app_print(value < 0.0f && (whole | rest) != 0u ? "-" : "");
    safe_app_print_u32(whole);
    safe_app_print(rest < 10u ? ".00" : rest < 100u ? ".0" : ".");
    safe_app_print_u32(rest);
}
