/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"
#include "safe/port.h"
#include "safe_target.h"
#include "stm32_clock.h"
#include "stm32u5.h"

#if !SAFE_TARGET_CLOCK_SOURCE_MSI
#error "clock.source must be msi"
#endif

#define VCO_IN_HZ (SAFE_TARGET_CLOCK_SOURCE_HZ / SAFE_TARGET_PLL_M)
#define VCO_HZ (VCO_IN_HZ * SAFE_TARGET_PLL_N)
/* Limits of RM0456, RCC_PLL1CFGR and RCC_PLL1DIVR; a description outside them does not compile. */
typedef char source_is_msis_after_reset[SAFE_TARGET_CLOCK_SOURCE_HZ == 4000000u ? 1 : -1];
typedef char vco_in_is_4_to_16_mhz[VCO_IN_HZ >= 4000000u && VCO_IN_HZ <= 16000000u ? 1 : -1];
typedef char vco_is_128_to_544_mhz[VCO_HZ >= 128000000u && VCO_HZ <= 544000000u ? 1 : -1];
typedef char n_is_4_to_512[SAFE_TARGET_PLL_N >= 4u && SAFE_TARGET_PLL_N <= 512u ? 1 : -1];
typedef char r_is_1_to_128[SAFE_TARGET_PLL_P >= 1u && SAFE_TARGET_PLL_P <= 128u ? 1 : -1];
typedef char core_is_at_most_160_mhz[SAFE_TARGET_CLOCK_HZ <= 160000000u ? 1 : -1];

#define INPUT_RANGE (VCO_IN_HZ > 8000000u ? RCC_PLL1CFGR_RANGE_8_TO_16_MHZ : 0u)

/** Oscillator of an STM32U5 after reset: MSIS at 4 MHz; RM0456 RCC, "System clock selection". */
#define BOOT_HZ 4000000u

/** Polls before giving up: about 100 ms at 4 MHz, against well below 1 ms for the regulator, the
 * booster and the PLL (DS13737, their characteristics). */
#define POLLS 40000u

static uint32_t s_uart_hz = BOOT_HZ;

/** Range 1 and its booster, which must run above 55 MHz and is clocked by the source of PLL1, so
 * that one is chosen first; RM0456 PWR, "Dynamic voltage scaling management". */
static uint32_t start_power(void)
{
    RCC_AHB3ENR |= RCC_AHB3ENR_PWR;
    (void)RCC_AHB3ENR; /* two bus cycles before the peripheral answers */
    if (safe_stm32_wait(&RCC_CR, RCC_CR_MSISRDY, RCC_CR_MSISRDY, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    RCC_PLL1CFGR = RCC_PLL1CFGR_SOURCE_MSIS | INPUT_RANGE |
                   ((SAFE_TARGET_PLL_M - 1u) << RCC_PLL1CFGR_M_SHIFT) |
                   (0u << RCC_PLL1CFGR_MBOOST_SHIFT);
    PWR_VOSR |= PWR_VOSR_VOS_RANGE_1;
    if (safe_stm32_wait(&PWR_VOSR, PWR_VOSR_VOSRDY, PWR_VOSR_VOSRDY, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    PWR_VOSR |= PWR_VOSR_BOOSTEN;
    return safe_stm32_wait(&PWR_VOSR, PWR_VOSR_BOOSTRDY, PWR_VOSR_BOOSTRDY, POLLS);
}

/** The cache invalidates itself after reset and may be enabled when that is done: RM0456 ICACHE. */
static uint32_t start_cache(void)
{
    if (safe_stm32_wait(&ICACHE_SR, ICACHE_SR_BUSYF, 0u, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    ICACHE_CR |= ICACHE_CR_EN;
    return 0;
}

static uint32_t start_pll(void)
{
    RCC_PLL1DIVR = ((SAFE_TARGET_PLL_N - 1u) << RCC_PLL1DIVR_N_SHIFT) |
                   (1u << RCC_PLL1DIVR_P_SHIFT) | (1u << RCC_PLL1DIVR_Q_SHIFT) |
                   ((SAFE_TARGET_PLL_P - 1u) << RCC_PLL1DIVR_R_SHIFT);
    RCC_PLL1CFGR |= RCC_PLL1CFGR_REN;
    RCC_CR |= RCC_CR_PLL1ON;
    return safe_stm32_wait(&RCC_CR, RCC_CR_PLL1RDY, RCC_CR_PLL1RDY, POLLS);
}

uint32_t safe_clock_init(void)
{
    uint32_t status = start_cache();
    if (start_power() != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    /* Wait states first: flash must never be read faster than it can be. */
    FLASH_ACR = SAFE_TARGET_FLASH_WAIT_STATES | FLASH_ACR_PRFTEN;
    if (safe_stm32_wait(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, SAFE_TARGET_FLASH_WAIT_STATES, POLLS) !=
            0u ||
        start_pll() != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    /* Bus dividers before the switch, so that no bus runs above its limit. */
    RCC_CFGR2 = (safe_stm32_apb_field(SAFE_TARGET_APB1_DIVIDER) << RCC_CFGR2_PPRE1_SHIFT) |
                (safe_stm32_apb_field(SAFE_TARGET_APB2_DIVIDER) << RCC_CFGR2_PPRE2_SHIFT);
    RCC_CFGR1 |= RCC_CFGR1_SW_PLL1;
    if (safe_stm32_wait(&RCC_CFGR1, RCC_CFGR1_SWS_MASK, RCC_CFGR1_SWS_PLL1, POLLS) != 0u) {
        RCC_CFGR1 = 0u;
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    /* USART1 is clocked by PCLK2 (RM0456 RCC_CCIPR1, USART1SEL = 0, as after reset). */
    s_uart_hz = SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_APB2_DIVIDER;
    return status;
}

uint32_t safe_clock_uart_hz(void)
{
    return s_uart_hz;
}

uint32_t safe_reset_cause(void)
{
    uint32_t csr = RCC_CSR;
    RCC_CSR = csr | RCC_CSR_RMVF;
    return (csr & (RCC_CSR_IWDGRSTF | RCC_CSR_WWDGRSTF)) != 0u ? SAFE_PORT_RESET_WATCHDOG : 0u;
}
