/* SPDX-License-Identifier: Apache-2.0 */
/* Restarts through the watchdog, the only way to reset the chip from within. */
#include "core.h"
#include "driver.h"
#include "fe310.h"
#include "isr.h"
#include "safe/port.h"

#define REQUESTED 0x5AFE5E7Du
/** Longer than two ticks of LFCLK at any core clock. */
#define RESET_POLLS 100000u

/* A word and its complement, so that power-up noise is not taken for a mark. */
static volatile uint32_t s_requested[2] __attribute__((section(".noinit")));

uint32_t safe_reset_cause(void)
{
    bool requested = s_requested[0] == REQUESTED && s_requested[1] == ~REQUESTED;
    s_requested[0] = 0;
    s_requested[1] = 0;
    if (requested || PMUCAUSE_RESET(AON_PMUCAUSE) != PMUCAUSE_WATCHDOG) {
        return 0;
    }
    return SAFE_PORT_RESET_WATCHDOG;
}

void safe_memory_protect(void)
{
    AON_WDOGKEY = WDOGKEY_OPEN; /* what asked for the last reset asks no more */
    AON_WDOGCFG = 0;
}

void safe_cpu_reset(void)
{
    SAFE_CSR_CLEAR(mstatus, SAFE_MSTATUS_MIE);
    s_requested[0] = REQUESTED;
    s_requested[1] = ~REQUESTED;
    AON_WDOGKEY = WDOGKEY_OPEN;
    AON_WDOGCOUNT = 0;
    AON_WDOGKEY = WDOGKEY_OPEN;
    AON_WDOGCMP0 = 0;
    AON_WDOGKEY = WDOGKEY_OPEN;
    AON_WDOGCFG = WDOGCFG_RESET | WDOGCFG_ALWAYS;
    for (volatile uint32_t i = 0; i < RESET_POLLS; i++) {
        /* the reset takes a tick of LFCLK to arrive */
    }
    /* No watchdog came (QEMU before 8.1 has none): from the start, with every interrupt off. */
    SAFE_CSR_WRITE(mie, 0u);
    PLIC_ENABLE(0) = 0;
    safe_reset();
    for (;;) {
        /* safe_reset does not return */
    }
}
