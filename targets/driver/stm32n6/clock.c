/* SPDX-License-Identifier: Apache-2.0 */
#include "cortex_m.h"
#include "driver.h"
#include "safe/port.h"
#include "safe_target.h"
#include "stm32_clock.h"
#include "stm32n6.h"

#if !SAFE_TARGET_CLOCK_SOURCE_HSI
#error "clock.source must be hsi"
#endif

#define VCO_IN_HZ (SAFE_TARGET_CLOCK_SOURCE_HZ / SAFE_TARGET_PLL_M)
#define VCO_HZ (VCO_IN_HZ * SAFE_TARGET_PLL_N)
#define BUS_HZ (VCO_HZ / SAFE_TARGET_PLL_Q)
/* Limits of RM0486, RCC_PLL1CFGR1 and "Clock distribution" without a raised VDDCORE; a description
 * outside them does not compile. */
typedef char source_is_the_hsi[SAFE_TARGET_CLOCK_SOURCE_HZ == 64000000u ? 1 : -1];
typedef char m_is_1_to_63[SAFE_TARGET_PLL_M >= 1u && SAFE_TARGET_PLL_M <= 63u ? 1 : -1];
typedef char n_is_16_to_640[SAFE_TARGET_PLL_N >= 16u && SAFE_TARGET_PLL_N <= 640u ? 1 : -1];
typedef char vco_in_is_5_to_50_mhz[VCO_IN_HZ >= 5000000u && VCO_IN_HZ <= 50000000u ? 1 : -1];
typedef char vco_is_800_to_3200_mhz[VCO_HZ >= 800000000u && VCO_HZ <= 3200000000u ? 1 : -1];
typedef char ic1_is_1_to_256[SAFE_TARGET_PLL_P >= 1u && SAFE_TARGET_PLL_P <= 256u ? 1 : -1];
typedef char ic2_is_1_to_256[SAFE_TARGET_PLL_Q >= 1u && SAFE_TARGET_PLL_Q <= 256u ? 1 : -1];
typedef char core_is_at_most_600_mhz[SAFE_TARGET_CLOCK_HZ <= 600000000u ? 1 : -1];
typedef char bus_is_at_most_400_mhz[BUS_HZ <= 400000000u ? 1 : -1];

#define AHB_SHIFT 1u /* the AHB has half of the buses' clock: at most 200 MHz */

/** Clock of the APBs while core and buses run from the HSI, with dividers of 1. */
#define BOOT_HZ (SAFE_TARGET_CLOCK_SOURCE_HZ >> AHB_SHIFT)

/** Polls before giving up: more than 10 ms at 64 MHz, as one takes at least 5 cycles, against well
 * below 1 ms for the PLL (DS14791, PLL characteristics). */
#define POLLS 200000u

static uint32_t s_uart_hz = BOOT_HZ;

/** Invalidates both caches and switches them on; DDI 0553, section B8.
 *
 * Image, weights and data lie in RAM behind the AXI bus, so that the core waits for each access
 * without them. Data is written through: a reset drops the cache, and what .noinit says of the time
 * before it must have reached RAM by then. */
static void start_caches(void)
{
    SCB_CSSELR = SCB_CSSELR_DATA;
    safe_cortex_barrier();
    uint32_t size = SCB_CCSIDR;
    uint32_t sets = ((size >> 13) & 0x7FFFu) + 1u;
    uint32_t ways = ((size >> 3) & 0x3FFu) + 1u;
    uint32_t set_shift = (size & 7u) + 4u; /* log2 of a line's bytes */
    for (uint32_t set = 0; set < sets; set++) {
        for (uint32_t way = 0; way < ways; way++) {
            SCB_DCISW =
                (way << 30) | (set << set_shift); /* four ways or fewer: 2 bits at the top */
        }
    }
    SCB_ICIALLU = 0u;
    MEMSYSCTL_MSCR |= MEMSYSCTL_MSCR_FORCEWT;
    safe_cortex_barrier();
    SCB_CCR |= SCB_CCR_DC | SCB_CCR_IC;
    safe_cortex_barrier();
}

/** Lets core and buses run from the HSI, whatever the boot ROM left, so that PLL1 and the dividers
 * may change. */
static uint32_t back_to_hsi(void)
{
    RCC_CSR = RCC_CR_HSION;
    if (safe_stm32_wait(&RCC_SR, RCC_CR_HSION, RCC_CR_HSION, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    RCC_HSICFGR &= ~RCC_HSICFGR_HSIDIV_MASK;
    RCC_CFGR1 = 0u;
    if (safe_stm32_wait(&RCC_CFGR1, RCC_CFGR1_STATUS, 0u, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    /* Before the switch to the PLL, so that no bus runs above its limit. */
    RCC_CFGR2 = (AHB_SHIFT << RCC_CFGR2_HPRE_SHIFT) |
                (safe_stm32_log2(SAFE_TARGET_APB1_DIVIDER) << RCC_CFGR2_PPRE1_SHIFT) |
                (safe_stm32_log2(SAFE_TARGET_APB2_DIVIDER) << RCC_CFGR2_PPRE2_SHIFT);
    RCC_CCIPR13 &= ~RCC_CCIPR13_USART1SEL_MASK;
    s_uart_hz = BOOT_HZ / SAFE_TARGET_APB2_DIVIDER;
    RCC_CCR = RCC_CR_PLL1ON;
    return safe_stm32_wait(&RCC_SR, RCC_CR_PLL1ON, 0u, POLLS);
}

static uint32_t start_pll(void)
{
    RCC_PLL1CFGR1 =
        (SAFE_TARGET_PLL_M << RCC_PLL1CFGR1_M_SHIFT) | (SAFE_TARGET_PLL_N << RCC_PLL1CFGR1_N_SHIFT);
    RCC_PLL1CFGR2 = 0u; /* no fraction */
    RCC_PLL1CFGR3 = RCC_PLL1CFGR3_MODSSRST | RCC_PLL1CFGR3_MODSSDIS |
                    (1u << RCC_PLL1CFGR3_PDIV1_SHIFT) | (1u << RCC_PLL1CFGR3_PDIV2_SHIFT) |
                    RCC_PLL1CFGR3_PDIVEN;
    RCC_CSR = RCC_CR_PLL1ON;
    return safe_stm32_wait(&RCC_SR, RCC_CR_PLL1ON, RCC_CR_PLL1ON, POLLS);
}

uint32_t safe_clock_init(void)
{
    start_caches();
    if (back_to_hsi() != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    /* The supply and its voltage stay as the boot ROM and the board have them: the range after a
     * reset, the lower one, is the one for 600 MHz (RM0486 PWR_VOSCR). */
    RCC_AHB4ENSR = RCC_AHB4ENR_PWR;
    (void)RCC_AHB4ENR; /* two bus cycles before the peripheral answers */
    if (safe_stm32_wait(&PWR_VOSCR, PWR_VOSCR_ACTVOSRDY, PWR_VOSCR_ACTVOSRDY, POLLS) != 0u ||
        start_pll() != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    RCC_IC1CFGR = (SAFE_TARGET_PLL_P - 1u) << RCC_ICCFGR_INT_SHIFT;
    RCC_IC2CFGR = (SAFE_TARGET_PLL_Q - 1u) << RCC_ICCFGR_INT_SHIFT;
    RCC_IC6CFGR = (SAFE_TARGET_PLL_Q - 1u) << RCC_ICCFGR_INT_SHIFT;
    RCC_IC11CFGR = (SAFE_TARGET_PLL_Q - 1u) << RCC_ICCFGR_INT_SHIFT;
    RCC_DIVENSR = RCC_DIVENR_IC1 | RCC_DIVENR_IC2 | RCC_DIVENR_IC6 | RCC_DIVENR_IC11;
    RCC_CFGR1 = RCC_CFGR1_CPUSW_IC1 | RCC_CFGR1_SYSSW_ICS;
    if (safe_stm32_wait(&RCC_CFGR1, RCC_CFGR1_STATUS, RCC_CFGR1_STATUS, POLLS) != 0u) {
        RCC_CFGR1 = 0u;
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    s_uart_hz = (BUS_HZ >> AHB_SHIFT) / SAFE_TARGET_APB2_DIVIDER;
    return 0;
}

uint32_t safe_clock_uart_hz(void)
{
    return s_uart_hz;
}

uint32_t safe_reset_cause(void)
{
    uint32_t rsr = RCC_RSR;
    RCC_RSR = rsr | RCC_RSR_RMVF;
    return (rsr & (RCC_RSR_IWDGRSTF | RCC_RSR_WWDGRSTF)) != 0u ? SAFE_PORT_RESET_WATCHDOG : 0u;
}
