/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"
#include "safe/port.h"
#include "safe_target.h"
#include "stm32_clock.h"
#include "stm32f4.h"

#if SAFE_TARGET_CLOCK_SOURCE_HSE
#define SOURCE_ON RCC_CR_HSEON
#define SOURCE_READY RCC_CR_HSERDY
#define SOURCE_PLL RCC_PLLCFGR_SOURCE_HSE
#elif SAFE_TARGET_CLOCK_SOURCE_HSI
#define SOURCE_ON RCC_CR_HSION
#define SOURCE_READY RCC_CR_HSIRDY
#define SOURCE_PLL 0u
#else
#error "clock.source must be hsi or hse"
#endif

#define VCO_IN_HZ (SAFE_TARGET_CLOCK_SOURCE_HZ / SAFE_TARGET_PLL_M)
#define VCO_HZ (VCO_IN_HZ * SAFE_TARGET_PLL_N)
/* Limits of RM0090 section 7.3.2; a description outside them does not compile. */
typedef char vco_in_is_1_to_2_mhz[VCO_IN_HZ >= 1000000u && VCO_IN_HZ <= 2000000u ? 1 : -1];
typedef char vco_is_100_to_432_mhz[VCO_HZ >= 100000000u && VCO_HZ <= 432000000u ? 1 : -1];
/* 168 MHz on an STM32F405 and without over-drive on an STM32F446 (RM0390 section 5.1.4). */
#define MAX_HZ (SAFE_TARGET_OVERDRIVE ? 180000000u : 168000000u)
typedef char core_is_not_too_fast[SAFE_TARGET_CLOCK_HZ <= MAX_HZ ? 1 : -1];

/** Oscillator of an STM32F4 after reset; RM0090 section 7.2.2. */
#define BOOT_HZ 16000000u

/** Polls before giving up: about 60 ms at 16 MHz, against 2 ms for a crystal and 0.3 ms for the
 * PLL (DS8626, oscillator and PLL characteristics). */
#define POLLS 100000u

static uint32_t s_uart_hz = BOOT_HZ;

#if SAFE_TARGET_OVERDRIVE
#define VOS_SCALE_1 (PWR_CR_VOS | PWR_CR_VOS_HIGH)

/** Raises the core's voltage for more than 168 MHz while the PLL runs but does not yet drive the
 * core; RM0390 section 5.1.4, "Entering Over-drive mode". */
static uint32_t start_overdrive(void)
{
    PWR_CR |= PWR_CR_ODEN;
    uint32_t status = safe_stm32_wait(&PWR_CSR, PWR_CSR_ODRDY, PWR_CSR_ODRDY, POLLS);
    if (status == 0u) {
        PWR_CR |= PWR_CR_ODSWEN;
        status = safe_stm32_wait(&PWR_CSR, PWR_CSR_ODSWRDY, PWR_CSR_ODSWRDY, POLLS);
    }
    return status;
}
#else
#define VOS_SCALE_1 PWR_CR_VOS

static uint32_t start_overdrive(void)
{
    return 0;
}
#endif

uint32_t safe_clock_init(void)
{
    RCC_APB1ENR |= RCC_APB1ENR_PWR;
    (void)RCC_APB1ENR; /* two bus cycles before the peripheral answers */
#if SAFE_TARGET_CLOCK_HZ > 84000000u
    /* Below, the value after reset does; an STM32F401 has no such scale (RM0368 section 5.4.1). */
    PWR_CR |= VOS_SCALE_1;
#endif

    /* Wait states first: flash must never be read faster than it can be. */
    FLASH_ACR = SAFE_TARGET_FLASH_WAIT_STATES | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    if (safe_stm32_wait(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, SAFE_TARGET_FLASH_WAIT_STATES, POLLS) !=
        0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    RCC_CR |= SOURCE_ON;
    if (safe_stm32_wait(&RCC_CR, SOURCE_READY, SOURCE_READY, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    RCC_PLLCFGR = (RCC_PLLCFGR & RCC_PLLCFGR_KEEP) | SAFE_TARGET_PLL_M |
                  (SAFE_TARGET_PLL_N << RCC_PLLCFGR_N_SHIFT) |
                  ((SAFE_TARGET_PLL_P / 2u - 1u) << RCC_PLLCFGR_P_SHIFT) | SOURCE_PLL |
                  (SAFE_TARGET_PLL_Q << RCC_PLLCFGR_Q_SHIFT);
    RCC_CR |= RCC_CR_PLLON;
    if (start_overdrive() != 0u ||
        safe_stm32_wait(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, POLLS) != 0u) {
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
    /* Bus dividers before the switch, so that no bus runs above its limit. */
    RCC_CFGR = (safe_stm32_apb_field(SAFE_TARGET_APB1_DIVIDER) << RCC_CFGR_PPRE1_SHIFT) |
               (safe_stm32_apb_field(SAFE_TARGET_APB2_DIVIDER) << RCC_CFGR_PPRE2_SHIFT);
    RCC_CFGR |= RCC_CFGR_SW_PLL;
    if (safe_stm32_wait(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL, POLLS) != 0u) {
        RCC_CFGR = 0u;
        return SAFE_PORT_CLOCK_TIMEOUT;
    }
#if SAFE_TARGET_UART_NUMBER == 1
    s_uart_hz = SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_APB2_DIVIDER;
#else
    s_uart_hz = SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_APB1_DIVIDER;
#endif
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
