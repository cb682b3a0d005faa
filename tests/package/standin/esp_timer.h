/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in of the ESP-IDF calls that a new project makes; not ESP-IDF. */
#ifndef STANDIN_ESP_TIMER_H
#define STANDIN_ESP_TIMER_H

#include <stdint.h>

int64_t esp_timer_get_time(void);

#endif
