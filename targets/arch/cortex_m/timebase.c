/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"
#include "cortex_m.h"
#include "isr.h"
#include "safe/port.h"

#define TICKS_PER_MS (SAFE_TARGET_CLOCK_HZ / 1000u)
#if TICKS_PER_MS > 0x1000000u
#error "SysTick holds 24 bits: clock.hz is too high for a millisecond"
#endif

/* Written by the handler only; one aligned word, so a read is whole. */
static volatile uint32_t s_time_ms;

void safe_isr_systick(void)
{
    s_time_ms = s_time_ms + 1u;
}

void safe_timebase_init(void)
{
    SYST_RVR = TICKS_PER_MS - 1u;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE_IRQ_CORE_CLOCK;
}

uint32_t safe_port_time_ms(void)
{
    return s_time_ms;
}
