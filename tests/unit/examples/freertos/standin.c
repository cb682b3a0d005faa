/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in, and the product's sensors: samples from the standard input. While step HELD is
 * told, HELD_TICKS pass, so that the queue runs over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "FreeRTOS.h"
#include "queue.h"
#include "sensors.h"
#include "task.h"

#define HELD 50u
#define HELD_TICKS 7u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static StaticTask_t *tasks[2];
static size_t task_count;
static TickType_t now;
static bool is_waiting;  /* the detector, for a message */
static bool is_delaying; /* the sampler, for a tick */
static uint32_t to_pass; /* ticks that come although it is busy */
static uint32_t steps;

static void *run(void *task)
{
    ((StaticTask_t *)task)->code(((StaticTask_t *)task)->argument);
    return NULL;
}

TaskHandle_t xTaskCreateStatic(TaskFunction_t code, const char *name, uint32_t stack_words,
                               void *argument, UBaseType_t priority, StackType_t *stack,
                               StaticTask_t *memory)
{
    (void)name, (void)stack_words, (void)priority, (void)stack;
    *memory = (StaticTask_t){.code = code, .argument = argument};
    tasks[task_count++] = memory;
    return memory;
}

void vTaskStartScheduler(void)
{
    for (size_t i = 0; i < task_count; i++) {
        if (pthread_create(&tasks[i]->thread, NULL, run, tasks[i]) != 0) {
            exit(2);
        }
    }
    for (size_t i = 0; i < task_count; i++) {
        (void)pthread_join(tasks[i]->thread, NULL);
    }
}

void vTaskDelete(TaskHandle_t task)
{
    (void)task;
    exit(3);
}

TickType_t xTaskGetTickCount(void)
{
    return now;
}

void vTaskDelayUntil(TickType_t *previous, TickType_t increment)
{
    pthread_mutex_lock(&lock);
    while (!is_waiting && to_pass == 0u) {
        is_delaying = true;
        pthread_cond_broadcast(&changed);
        pthread_cond_wait(&changed, &lock);
    }
    is_delaying = false;
    if (!is_waiting) {
        to_pass--;
    }
    *previous += increment;
    now = *previous;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

QueueHandle_t xQueueCreateStatic(UBaseType_t length, UBaseType_t item_bytes, uint8_t *bytes,
                                 StaticQueue_t *memory)
{
    *memory = (StaticQueue_t){bytes, item_bytes, length, 0};
    return memory;
}

BaseType_t xQueueSend(QueueHandle_t queue, const void *item, TickType_t wait)
{
    BaseType_t taken = pdFALSE;

    (void)wait;
    pthread_mutex_lock(&lock);
    if (queue->count < queue->capacity) {
        memcpy(queue->bytes + queue->count * queue->item_bytes, item, queue->item_bytes);
        queue->count++;
        is_waiting = false;
        taken = pdTRUE;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return taken;
}

BaseType_t xQueueReceive(QueueHandle_t queue, void *item, TickType_t wait)
{
    (void)wait;
    pthread_mutex_lock(&lock);
    while (queue->count == 0u) {
        is_waiting = true;
        pthread_cond_broadcast(&changed);
        pthread_cond_wait(&changed, &lock);
    }
    is_waiting = false;
    memcpy(item, queue->bytes, queue->item_bytes);
    queue->count--;
    memmove(queue->bytes, queue->bytes + queue->item_bytes, queue->count * queue->item_bytes);
    pthread_mutex_unlock(&lock);
    return pdTRUE;
}

bool read_sensors(float *sample)
{
    if (fread(sample, sizeof *sample, SAFE_FORECASTER_CHANNELS, stdin) !=
        SAFE_FORECASTER_CHANNELS) {
        fflush(stdout);
        exit(0);
    }
    return true;
}

void tell_state(safe_status_t status, const safe_detector_result_t *result)
{
    (void)status, (void)result;
    pthread_mutex_lock(&lock);
    if (++steps == HELD) {
        to_pass = HELD_TICKS;
        pthread_cond_broadcast(&changed);
        while (to_pass != 0u || !is_delaying) {
            pthread_cond_wait(&changed, &lock);
        }
    }
    pthread_mutex_unlock(&lock);
}
