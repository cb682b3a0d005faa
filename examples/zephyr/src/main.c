/* SPDX-License-Identifier: Apache-2.0 */
/* A Zephyr application: the inputs of an ADC named in the devicetree, sampled by a kernel timer. */
#include <errno.h>
#include <math.h>

#include <zephyr/drivers/adc.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "safe_forecaster_detector.h"

/** Value of a transmitter at 0 and at 3300 mV, in the units of the training data: yours. */
typedef struct range {
    float low;
    float high;
} range_t;

#define SPEC_AND_COMMA(node, property, index) ADC_DT_SPEC_GET_BY_IDX(node, index),

static const struct adc_dt_spec inputs[] = {
    DT_FOREACH_PROP_ELEM(DT_PATH(zephyr_user), io_channels, SPEC_AND_COMMA)};
static const range_t ranges[SAFE_FORECASTER_CHANNELS] = {
    {0, 6000}, {0, 40},  {0, 8},   {0, 120}, {360, 440}, {0, 2},   {0, 16}, {0, 120},
    {0, 100},  {0, 100}, {0, 100}, {0, 120}, {0, 120},   {0, 120}, {0, 60}, {-20, 60},
};

BUILD_ASSERT(ARRAY_SIZE(inputs) == SAFE_FORECASTER_CHANNELS, "one input for each channel");

static int set_up(void)
{
    for (size_t c = 0; c < ARRAY_SIZE(inputs); c++) {
        if (!adc_is_ready_dt(&inputs[c])) {
            return -ENODEV;
        }
        int error = adc_channel_setup_dt(&inputs[c]);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/** Reads all inputs; one that fails is a missing value. */
static void read_sensors(float *sample)
{
    for (size_t c = 0; c < ARRAY_SIZE(inputs); c++) {
        int16_t raw = 0;
        struct adc_sequence sequence = {.buffer = &raw, .buffer_size = sizeof raw};
        int32_t millivolts;

        sample[c] = NAN;
        if (adc_sequence_init_dt(&inputs[c], &sequence) != 0 ||
            adc_read_dt(&inputs[c], &sequence) != 0) {
            continue;
        }
        millivolts = raw;
        if (adc_raw_to_millivolts_dt(&inputs[c], &millivolts) == 0) {
            sample[c] =
                ranges[c].low + (float)millivolts / 3300.0f * (ranges[c].high - ranges[c].low);
        }
    }
}

static safe_status_t take_sample(uint32_t missed)
{
    float sample[SAFE_FORECASTER_CHANNELS];
    safe_detector_result_t result;
    safe_status_t status = SAFE_STATUS_OK;

    if (missed != 0u) {
        status = safe_forecaster_detector_missed(missed);
    }
    read_sensors(sample);
    if (status == SAFE_STATUS_OK) {
        status = safe_forecaster_detector_step(sample, &result);
    }
    if (status == SAFE_STATUS_OK && result.state == SAFE_DETECTOR_ALARM) {
        printk("alarm: %s\n", safe_forecaster_channel_names[result.top[0]]);
    }
    return status == SAFE_STATUS_NOT_FINITE ? SAFE_STATUS_OK : status;
}

int main(void)
{
    struct k_timer timer;
    safe_status_t status = safe_forecaster_detector_init();

    if (status != SAFE_STATUS_OK || set_up() != 0) {
        printk("not ready: %s\n", safe_status_text(status));
        return 0;
    }
    k_timer_init(&timer, NULL, NULL);
    k_timer_start(&timer, K_USEC(SAFE_FORECASTER_PERIOD_US), K_USEC(SAFE_FORECASTER_PERIOD_US));
    while (status == SAFE_STATUS_OK) {
        /* More than one expiry since the last time: samples were missed. */
        status = take_sample(k_timer_status_sync(&timer) - 1u);
    }
    printk("stopped: %s\n", safe_status_text(status));
    return 0;
}
