/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog of the always-on domain; chapter 14 of the manual. */
#include "fe310.h"
#include "safe/port.h"

/** 12 s of LFCLK / 8, of at most 65535. */
#define COMPARE (12u * 32768u / 8u)

void safe_port_watchdog_start(void)
{
    safe_port_watchdog_feed();
    AON_WDOGKEY = WDOGKEY_OPEN;
    AON_WDOGCMP0 = COMPARE;
    AON_WDOGKEY = WDOGKEY_OPEN;
    AON_WDOGCFG = WDOGCFG_SCALE_8 | WDOGCFG_RESET | WDOGCFG_ALWAYS;
}

void safe_port_watchdog_feed(void)
{
    AON_WDOGKEY = WDOGKEY_OPEN;
    AON_WDOGFEED = WDOGFEED_FOOD;
}
