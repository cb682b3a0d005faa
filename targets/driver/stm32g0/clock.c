/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"
#include "safe/port.h"
#include "safe_target.h"
#include "stm32_clock.h"
#include "stm32g0.h"

#if !SAFE_TARGET_CLOCK_SOURCE_HSI
#error "clock.source must be hsi"
#endif

#define VCO_IN_HZ (SAFE_TARGET_CLOCK_SOURCE_HZ / SAFE_TARGET_PLL_M)
#define VCO_HZ (VCO_IN_HZ * SAFE_TARGET_PLL_N)
/* Limits of RM0444, RCC_PLLCFGR; a description outside them does not compile. */
typedef char source_is_hsi16[SAFE_TARGET_CLOCK_SOURCE_HZ == 16000000u ? 1 : -1];
typedef char m_is_1_to_8[SAFE_TARGET_PLL_M >= 1u && SAFE_TARGET_PLL_M <= 8u ? 1 : -1];
typedef char vco_in_is_3_to_16_mhz[VCO_IN_HZ >= 2660000u && VCO_IN_HZ <= 16000000u ? 1 : -1];
typedef char vco_is_96_to_344_mhz[VCO_HZ >= 96000000u && VCO_HZ <= 344000000u ? 1 : -1];
typedef char n_is_8_to_86[SAFE_TARGET_PLL_N >= 8u && SAFE_TARGET_PLL_N <= 86u ? 1 : -1];
typedef char r_is_2_to_8[SAFE_TARGET_PLL_P >= 2u && SAFE_TARGET_PLL_P <= 8u ? 1 : -1];
typedef char core_is_at_most_64_mhz[SAFE_TARGET_CLOCK_HZ <= 64000000u ? 1 : -1];

/** Oscillator of an STM32G0 after reset: HSI16, undivided; RM0444 RCC_CR. */
#define BOOT_HZ 16000000u

/** Polls before giving up: about 60 ms at 16 MHz, against well below 1 ms for the PLL (DS13560, PLL
 * characteristics). */
#define POLLS 100000u

static uint32_t s_uart_hz = BOOT_HZ;

static uint32_t start_pll(void)
{
    RCC_PLLCFGR = RCC_PLLCFGR_SOURCE_HSI | ((SAFE_TARGET_PLL_M - 1u) << RCC_PLLCFGR_M_SHIFT) |
                  (SAFE_TARGET_PLL_N << RCC_PLLCFGR_N_SHIFT) |
                  ((SAFE_TARGET_PLL_P - 1u) << RCC_PLLCFGR_R_SHIFT);
    RCC_CR |= RCC_CR_PLLON;
    if (safe_stm32_wait(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    RCC_PLLCFGR |= RCC_PLLCFGR_REN;
    return 0;
}

uint32_t safe_clock_init(void)
{
    /* The voltage range after reset, 1, is the one for 64 MHz (RM0444 PWR_CR1). Wait states first:
     * flash must never be read faster than it can be. */
    FLASH_ACR = (FLASH_ACR & ~FLASH_ACR_LATENCY_MASK) | SAFE_TARGET_FLASH_WAIT_STATES |
                FLASH_ACR_PRFTEN | FLASH_ACR_ICEN;
    if (safe_stm32_wait(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, SAFE_TARGET_FLASH_WAIT_STATES, POLLS) !=
            0u ||
        safe_stm32_wait(&RCC_CR, RCC_CR_HSIRDY, RCC_CR_HSIRDY, POLLS) != 0u || start_pll() != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    /* The bus divider before the switch, so that the bus never runs above its limit. */
    RCC_CFGR = safe_stm32_apb_field(SAFE_TARGET_APB1_DIVIDER) << RCC_CFGR_PPRE_SHIFT;
    RCC_CFGR |= RCC_CFGR_SW_PLL;
    if (safe_stm32_wait(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL, POLLS) != 0u) {
        RCC_CFGR = 0u;
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    /* USART2 is clocked by PCLK (RM0444 RCC_CCIPR, USART2SEL = 0, as after reset). */
    s_uart_hz = SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_APB1_DIVIDER;
    return 0;
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
