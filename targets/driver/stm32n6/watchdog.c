/* SPDX-License-Identifier: Apache-2.0 */
#define IWDG_BASE 0x56004800u /* RM0486, "Memory organization": the Secure address */
#include "stm32_watchdog.h"
