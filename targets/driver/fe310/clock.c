/* SPDX-License-Identifier: Apache-2.0 */
/* Crystal, PLL and the timer's frequency. */
#include "driver.h"
#include "fe310.h"
#include "safe/port.h"
#include "safe_target.h"

/** HFROSC out of reset, within some per cent. */
#define HFROSC_HZ 14400000u
/** HFXOSC starts within a few ms, the PLL locks within 100 us; each poll takes 10 cycles or more.
 */
#define READY_POLLS 200000u
/** The flash's clock is that of the core over 2 * (divider + 1): 32 MHz of 256, with 50 allowed for
 * the read command of the IS25LP032 (data sheet table 9.6). */
#define SCK_DIVIDER 3u

/** The timer's nominal clocks: LFCLK on the chip, and hw/riscv/sifive_e.c. */
#define LFCLK_HZ 32768u
#define EMULATED_HZ 10000000u
#define SAMPLE_TICKS 64u
/** Longer than that many ticks of LFCLK, from whatever clock the core runs. */
#define TICK_POLLS 2000000u
/** Passes of some five cycles: 1.3 ms or 42 ticks of LFCLK from the PLL, 750 without it. An
 * emulator leaves its translated code for each CSR, so that a pass takes 30 ns or more: 20,000
 * ticks. */
#define GAUGE_PASSES 65536u
#define GAUGE_TICKS 4000u

static uint32_t s_hz = HFROSC_HZ;

volatile uint32_t *const safe_timer_compare = CLINT_MTIMECMP;
volatile uint32_t *const safe_timer_now = CLINT_MTIME;

static bool is_set_in_time(const volatile uint32_t *reg, uint32_t flag)
{
    for (uint32_t i = 0; i < READY_POLLS; i++) {
        if ((*reg & flag) != 0u) {
            return true;
        }
    }
    return false;
}

/* The exponent of a power of two, as the chip wants the PLL's last divider. */
static uint32_t exponent(uint32_t power)
{
    uint32_t bits = 0;
    while (power > 1u) {
        power >>= 1;
        bits++;
    }
    return bits;
}

uint32_t safe_clock_init(void)
{
    const uint32_t pll = PLLCFG_REFERENCE | (SAFE_TARGET_PLL_M - 1u) |
                         ((SAFE_TARGET_PLL_N / 2u - 1u) << 4) | (exponent(SAFE_TARGET_PLL_P) << 10);

    /* A boot loader may have left the PLL running: back to the oscillator of the reset first. */
    PRCI_HFROSCCFG = OSC_ENABLE | HFROSC_BOOT;
    if (!is_set_in_time(&PRCI_HFROSCCFG, OSC_READY)) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    PRCI_PLLCFG &= ~PLLCFG_SELECT;
    s_hz = HFROSC_HZ;
    QSPI0_SCKDIV = SCK_DIVIDER;
    PRCI_HFXOSCCFG = OSC_ENABLE;
    if (!is_set_in_time(&PRCI_HFXOSCCFG, OSC_READY)) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    PRCI_PLLOUTDIV = PLLOUTDIV_BY_1;
    PRCI_PLLCFG = pll | PLLCFG_BYPASS;
    PRCI_PLLCFG = pll;
    /* 6.5: the lock flag means nothing for the first 100 us. */
    for (volatile uint32_t i = 0; i < HFROSC_HZ / 10000u; i++) {
        /* three cycles or more a pass */
    }
    if (!is_set_in_time(&PRCI_PLLCFG, PLLCFG_LOCK)) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    PRCI_PLLCFG = pll | PLLCFG_SELECT;
    s_hz = SAFE_TARGET_CLOCK_HZ;
    return 0;
}

uint32_t safe_clock_uart_hz(void)
{
    return s_hz;
}

/* Waits until the low word of the timer has advanced by `ticks`; false when it stands still. */
static bool wait_ticks(uint32_t ticks)
{
    uint32_t start = safe_timer_now[0];
    for (uint32_t i = 0; i < TICK_POLLS; i++) {
        if (safe_timer_now[0] - start >= ticks) {
            return true;
        }
    }
    return false;
}

/* LFCLK comes from a ring oscillator of the chip unless the board says otherwise, and may be off by
 * a third: it is measured with the crystal. Where mcycle is not to be believed only its order of
 * magnitude can be: that tells the chip from the emulator, whose timer is exact. */
uint32_t safe_timebase_hz(void)
{
    uint32_t before, after;
    if (wait_ticks(1) && safe_port_cycles(&before) && wait_ticks(SAMPLE_TICKS) &&
        safe_port_cycles(&after) && after != before) {
        return (uint32_t)((uint64_t)s_hz * SAMPLE_TICKS / (after - before));
    }
    before = safe_timer_now[0];
    for (uint32_t i = 0; i < GAUGE_PASSES; i++) {
        SAFE_CSR_READ(mcycle, after);
    }
    return safe_timer_now[0] - before > GAUGE_TICKS ? EMULATED_HZ : LFCLK_HZ;
}
