/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STANDIN_FREERTOS_H
#define STANDIN_FREERTOS_H

#include <stdint.h>

typedef uint32_t TickType_t;

#endif
