/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog counts the tick of one microsecond that clock.c starts; without the crystal there is
 * none, and it never bites. */
#include "rp2040.h"
#include "safe/port.h"

/** 8 s, near the most: the counter loses two a tick (erratum RP2040-E1), and has 24 bits. */
#define LOAD (2u * 8000000u)

void safe_port_watchdog_start(void)
{
    WATCHDOG_CTRL = 0u;
    PSM_WDSEL = PSM_WDSEL_ALL_BUT_OSCILLATORS;
    WATCHDOG_LOAD = LOAD;
    WATCHDOG_CTRL = WATCHDOG_CTRL_ENABLE;
}

void safe_port_watchdog_feed(void)
{
    WATCHDOG_LOAD = LOAD;
}
