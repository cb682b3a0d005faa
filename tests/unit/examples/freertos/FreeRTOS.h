/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in of the FreeRTOS calls that the example makes, over threads of the host; not the
 * kernel. Time is virtual: a tick comes when the detector waits for a message, or is held
 * (standin.c). */
#ifndef STANDIN_FREERTOS_H
#define STANDIN_FREERTOS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t TickType_t;
typedef long BaseType_t;
typedef unsigned long UBaseType_t;
typedef uint32_t StackType_t;
typedef void (*TaskFunction_t)(void *);

typedef struct StaticTask {
    pthread_t thread;
    TaskFunction_t code;
    void *argument;
} StaticTask_t;
typedef StaticTask_t *TaskHandle_t;

typedef struct StaticQueue {
    uint8_t *bytes;
    size_t item_bytes;
    size_t capacity;
    size_t count;
} StaticQueue_t;
typedef StaticQueue_t *QueueHandle_t;

#define pdTRUE 1
#define pdFALSE 0
#define portMAX_DELAY UINT32_MAX
#define tskIDLE_PRIORITY 0u
#define configTICK_RATE_HZ 1000u
#define pdMS_TO_TICKS(ms) ((TickType_t)((ms)*configTICK_RATE_HZ / 1000u))

#endif
