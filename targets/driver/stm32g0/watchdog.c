/* SPDX-License-Identifier: Apache-2.0 */
#include "stm32_watchdog.h"

#include "safe/port.h"

void safe_port_watchdog_start(void)
{
    safe_stm32_watchdog_start();
}

void safe_port_watchdog_feed(void)
{
    safe_stm32_watchdog_feed();
}
