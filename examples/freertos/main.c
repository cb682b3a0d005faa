/* SPDX-License-Identifier: Apache-2.0 */
/* Two FreeRTOS tasks: a short one that samples at the model's rate, and one of low priority that
 * runs the detector. Nothing is allocated at run time (configSUPPORT_STATIC_ALLOCATION 1). */
#include "FreeRTOS.h"
#include "queue.h"
#include "task.h"

#include "safe_forecaster_detector.h"
#include "sensors.h"

/** Samples that wait while the detector is busy. */
#define WAITING 4u
/** In words. The detector needs what `scons` or `count` prove for your core, and the interrupts. */
#define SAMPLER_STACK 256u
#define DETECTOR_STACK 512u

/** A sample, and how many were lost before it. */
typedef struct message {
    uint32_t missed;
    float sample[SAFE_FORECASTER_CHANNELS];
} message_t;

static QueueHandle_t queue;
static StaticQueue_t queue_memory;
static uint8_t queue_bytes[WAITING * sizeof(message_t)];
static StaticTask_t sampler_memory;
static StaticTask_t detector_memory;
static StackType_t sampler_stack[SAMPLER_STACK];
static StackType_t detector_stack[DETECTOR_STACK];

/** Samples by the tick. What the queue does not take, and what a late read skips, is missed. */
static void sample_task(void *unused)
{
    const TickType_t period = pdMS_TO_TICKS(SAFE_FORECASTER_PERIOD_US / 1000u);
    TickType_t due = xTaskGetTickCount();
    message_t message = {0};

    (void)unused;
    for (;;) {
        vTaskDelayUntil(&due, period);
        if (read_sensors(message.sample) && xQueueSend(queue, &message, 0) == pdTRUE) {
            message.missed = 0;
        } else {
            message.missed++;
        }
    }
}

/** The only task that calls the detector: its static form belongs to one thread. */
static void detector_task(void *unused)
{
    safe_status_t status = safe_forecaster_detector_init();

    (void)unused;
    while (status == SAFE_STATUS_OK) {
        message_t message;
        safe_detector_result_t result;

        if (xQueueReceive(queue, &message, portMAX_DELAY) != pdTRUE) {
            continue;
        }
        if (message.missed != 0u) {
            status = safe_forecaster_detector_missed(message.missed);
        }
        if (status == SAFE_STATUS_OK) {
            tell_state(safe_forecaster_detector_step(message.sample, &result), &result);
        }
    }
    tell_state(status, NULL);
    vTaskDelete(NULL);
}

int main(void)
{
    queue = xQueueCreateStatic(WAITING, sizeof(message_t), queue_bytes, &queue_memory);
    (void)xTaskCreateStatic(sample_task, "sample", SAMPLER_STACK, NULL, tskIDLE_PRIORITY + 2u,
                            sampler_stack, &sampler_memory);
    (void)xTaskCreateStatic(detector_task, "detector", DETECTOR_STACK, NULL, tskIDLE_PRIORITY + 1u,
                            detector_stack, &detector_memory);
    vTaskStartScheduler();
    return 1;
}
