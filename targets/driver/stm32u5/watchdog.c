/* SPDX-License-Identifier: Apache-2.0 */
#include "stm32_watchdog.h"
