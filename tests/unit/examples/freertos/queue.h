/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STANDIN_QUEUE_H
#define STANDIN_QUEUE_H

#include "FreeRTOS.h"

QueueHandle_t xQueueCreateStatic(UBaseType_t length, UBaseType_t item_bytes, uint8_t *bytes,
                                 StaticQueue_t *memory);
BaseType_t xQueueSend(QueueHandle_t queue, const void *item, TickType_t wait);
BaseType_t xQueueReceive(QueueHandle_t queue, void *item, TickType_t wait);

#endif
