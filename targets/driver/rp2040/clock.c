/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "driver.h"
#include "rp2040.h"
#include "safe/port.h"
#include "safe_target.h"

#if !SAFE_TARGET_CLOCK_SOURCE_HSE
#error "clock.source must be hse, the crystal"
#endif

#define VCO_HZ (SAFE_TARGET_CLOCK_SOURCE_HZ / SAFE_TARGET_PLL_M * SAFE_TARGET_PLL_N)
/* One divider of up to 7, two where that does not do. */
#define POSTDIV2 (SAFE_TARGET_PLL_P <= 7u ? 1u : 2u)
#define POSTDIV1 (SAFE_TARGET_PLL_P / POSTDIV2)
/* Limits of the datasheet, chapter PLL; a description outside them does not compile. */
typedef char source_is_5_to_15_mhz
    [SAFE_TARGET_CLOCK_SOURCE_HZ >= 5000000u && SAFE_TARGET_CLOCK_SOURCE_HZ <= 15000000u ? 1 : -1];
typedef char source_is_whole_mhz[SAFE_TARGET_CLOCK_SOURCE_HZ % 1000000u == 0u ? 1 : -1];
typedef char vco_is_750_to_1600_mhz[VCO_HZ >= 750000000u && VCO_HZ <= 1600000000u ? 1 : -1];
typedef char n_is_16_to_320[SAFE_TARGET_PLL_N >= 16u && SAFE_TARGET_PLL_N <= 320u ? 1 : -1];
typedef char p_is_a_product[POSTDIV1 * POSTDIV2 == SAFE_TARGET_PLL_P && POSTDIV1 <= 7u ? 1 : -1];
typedef char core_is_at_most_133_mhz[SAFE_TARGET_CLOCK_HZ <= 133000000u ? 1 : -1];

/** Nominal rate of the ring oscillator after reset; chapter ROSC. */
#define BOOT_HZ 6500000u
/** One millisecond, in 256 periods of the crystal. */
#define XOSC_DELAY (SAFE_TARGET_CLOCK_SOURCE_HZ / 1000u / 256u + 1u)
/** Polls before giving up: 8 ms at the most that the ring oscillator can run at, 12 MHz and eight
 * cycles a poll, against 1 ms of the crystal. */
#define POLLS 12000u

static uint32_t s_uart_hz = BOOT_HZ;

static bool wait(const volatile uint32_t *reg, uint32_t mask, uint32_t value)
{
    for (uint32_t i = 0; i < POLLS; i++) {
        if ((*reg & mask) == value) {
            return true;
        }
    }
    return false;
}

/** The reference from the crystal, and the core from the reference: so the PLL can be set anew. */
static bool start_crystal(void)
{
    XOSC_STARTUP = XOSC_DELAY;
    XOSC_CTRL = XOSC_CTRL_1_TO_15_MHZ | XOSC_CTRL_ENABLE;
    CLOCKS_SYS_CTRL = CLOCKS_SYS_SOURCE_REF;
    if (!wait(&CLOCKS_SYS_SELECTED, ~0u, 1u << CLOCKS_SYS_SOURCE_REF) ||
        !wait(&XOSC_STATUS, XOSC_STATUS_STABLE, XOSC_STATUS_STABLE)) {
        return false;
    }
    CLOCKS_REF_CTRL = CLOCKS_REF_SOURCE_XOSC;
    return wait(&CLOCKS_REF_SELECTED, ~0u, 1u << CLOCKS_REF_SOURCE_XOSC);
}

static bool start_pll(void)
{
    RESETS_RESET |= RESETS_PLL_SYS;
    RESETS_RESET &= ~RESETS_PLL_SYS;
    if (!wait(&RESETS_DONE, RESETS_PLL_SYS, RESETS_PLL_SYS)) {
        return false;
    }
    PLL_SYS_CS = SAFE_TARGET_PLL_M;
    PLL_SYS_FBDIV = SAFE_TARGET_PLL_N;
    PLL_SYS_PWR = PLL_PWR_DSMPD | PLL_PWR_POSTDIVPD;
    if (!wait(&PLL_SYS_CS, PLL_CS_LOCK, PLL_CS_LOCK)) {
        return false;
    }
    PLL_SYS_PRIM = (POSTDIV1 << PLL_PRIM_POSTDIV1_SHIFT) | (POSTDIV2 << PLL_PRIM_POSTDIV2_SHIFT);
    PLL_SYS_PWR = PLL_PWR_DSMPD;
    CLOCKS_SYS_CTRL = CLOCKS_SYS_SOURCE_AUX;
    return wait(&CLOCKS_SYS_SELECTED, ~0u, 1u << CLOCKS_SYS_SOURCE_AUX);
}

uint32_t safe_clock_init(void)
{
    CLOCKS_PERI_CTRL = CLOCKS_PERI_ENABLE;
    if (!start_crystal()) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    s_uart_hz = SAFE_TARGET_CLOCK_SOURCE_HZ;
    WATCHDOG_TICK = (SAFE_TARGET_CLOCK_SOURCE_HZ / 1000000u) | WATCHDOG_TICK_ENABLE;
    if (!start_pll()) {
        CLOCKS_SYS_CTRL = CLOCKS_SYS_SOURCE_REF;
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    s_uart_hz = SAFE_TARGET_CLOCK_HZ;
    return 0;
}

uint32_t safe_clock_uart_hz(void)
{
    return s_uart_hz;
}

/* The chip keeps the reason until its next reset; it cannot be cleared. */
uint32_t safe_reset_cause(void)
{
    return WATCHDOG_REASON != 0u ? SAFE_PORT_RESET_WATCHDOG : 0u;
}
