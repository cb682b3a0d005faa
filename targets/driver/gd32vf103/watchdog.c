/* SPDX-License-Identifier: Apache-2.0 */
/* The free watchdog timer (FWDGT) has the registers of the STM32's independent one. Its IRC40K runs
 * at 30 to 60 kHz (data sheet, "Internal clock characteristics"): 6.4 to 12.8 s. */
#include "stm32_watchdog.h"
