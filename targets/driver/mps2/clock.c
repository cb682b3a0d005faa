/* SPDX-License-Identifier: Apache-2.0 */
/* The FPGA's clocks are fixed, and it does not tell why it was reset. */
#include "driver.h"
#include "safe_target.h"

uint32_t safe_clock_init(void)
{
    return 0;
}

uint32_t safe_clock_uart_hz(void)
{
    return SAFE_TARGET_UART_CLOCK_HZ;
}

uint32_t safe_reset_cause(void)
{
    return 0;
}
