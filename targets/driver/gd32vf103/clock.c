/* SPDX-License-Identifier: Apache-2.0 */
/* PLL from the internal oscillator, and why the chip was reset. */
#include "driver.h"
#include "gd32vf103.h"
#include "safe/port.h"
#include "safe_target.h"
#include "stm32_clock.h"

#if !SAFE_TARGET_CLOCK_SOURCE_HSI
#error "clock.source must be hsi"
#endif

/* Limits of the chapter RCU; a description outside them does not compile. */
typedef char source_is_irc8m[SAFE_TARGET_CLOCK_SOURCE_HZ == 8000000u ? 1 : -1];
typedef char irc8m_is_halved[SAFE_TARGET_PLL_M == 2u && SAFE_TARGET_PLL_P == 1u ? 1 : -1];
typedef char n_is_2_to_32[SAFE_TARGET_PLL_N >= 2u && SAFE_TARGET_PLL_N <= 32u ? 1 : -1];
typedef char n_is_not_15[SAFE_TARGET_PLL_N != 15u ? 1 : -1];
typedef char core_is_at_most_108_mhz[SAFE_TARGET_CLOCK_HZ <= 108000000u ? 1 : -1];
typedef char
    apb1_is_at_most_54_mhz[SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_APB1_DIVIDER <= 54000000u ? 1 : -1];

/** Oscillator after reset: IRC8M. */
#define BOOT_HZ 8000000u

/** Polls before giving up: about 100 ms at 8 MHz, against 0.3 ms for the PLL (data sheet, "PLL
 * characteristics"). */
#define POLLS 100000u

static uint32_t s_core_hz = BOOT_HZ;
static uint32_t s_uart_hz = BOOT_HZ;

/* PLLMF: 0 to 12 are 2 to 14, 14 is 16; with the fifth bit 0 to 15 are 17 to 32. */
static uint32_t multiplier(uint32_t n)
{
    if (n >= 17u) {
        return RCU_CFG0_PLLMF_4 | (n - 17u) << RCU_CFG0_PLLMF_SHIFT;
    }
    return (n - 2u) << RCU_CFG0_PLLMF_SHIFT;
}

uint32_t safe_clock_init(void)
{
    if (safe_stm32_wait(&RCU_CTL, RCU_CTL_IRC8MSTB, RCU_CTL_IRC8MSTB, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    /* The dividers before the switch, so that no bus ever runs above its limit. */
    RCU_CFG0 = multiplier(SAFE_TARGET_PLL_N) |
               safe_stm32_apb_field(SAFE_TARGET_APB1_DIVIDER) << RCU_CFG0_APB1PSC_SHIFT |
               safe_stm32_apb_field(SAFE_TARGET_APB2_DIVIDER) << RCU_CFG0_APB2PSC_SHIFT;
    s_uart_hz = BOOT_HZ / SAFE_TARGET_APB2_DIVIDER;
    RCU_CTL |= RCU_CTL_PLLEN;
    if (safe_stm32_wait(&RCU_CTL, RCU_CTL_PLLSTB, RCU_CTL_PLLSTB, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    RCU_CFG0 |= RCU_CFG0_SCS_PLL;
    if (safe_stm32_wait(&RCU_CFG0, RCU_CFG0_SCSS_MASK, RCU_CFG0_SCSS_PLL, POLLS) != 0u) {
        RCU_CFG0 &= ~RCU_CFG0_SCS_MASK;
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    s_core_hz = SAFE_TARGET_CLOCK_HZ;
    s_uart_hz = SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_APB2_DIVIDER;
    return 0;
}

uint32_t safe_clock_uart_hz(void)
{
    return s_uart_hz;
}

uint32_t safe_timebase_hz(void)
{
    return s_core_hz / TIMER_DIVIDER;
}

uint32_t safe_reset_cause(void)
{
    uint32_t flags = RCU_RSTSCK;
    RCU_RSTSCK = flags | RCU_RSTSCK_RSTFC;
    RCU_RSTSCK &= ~RCU_RSTSCK_RSTFC;
    return (flags & (RCU_RSTSCK_FWDGTRSTF | RCU_RSTSCK_WWDGTRSTF)) != 0u ? SAFE_PORT_RESET_WATCHDOG
                                                                         : 0u;
}
