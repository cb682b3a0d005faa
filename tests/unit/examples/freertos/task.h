/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STANDIN_TASK_H
#define STANDIN_TASK_H

#include "FreeRTOS.h"

TaskHandle_t xTaskCreateStatic(TaskFunction_t code, const char *name, uint32_t stack_words,
                               void *argument, UBaseType_t priority, StackType_t *stack,
                               StaticTask_t *memory);
void vTaskStartScheduler(void);
void vTaskDelete(TaskHandle_t task);
TickType_t xTaskGetTickCount(void);
void vTaskDelayUntil(TickType_t *previous, TickType_t increment);

#endif
