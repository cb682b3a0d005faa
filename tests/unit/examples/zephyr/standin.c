/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs from the standard input, an int16_t of 4096 steps for each read; -1 is a read that fails.
 * Two ticks have passed before sample LATE. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/drivers/adc.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#define LATE 40u

static bool is_set_up[16];
static uint32_t samples;

bool adc_is_ready_dt(const struct adc_dt_spec *spec)
{
    return spec->channel_id < 16u;
}

int adc_channel_setup_dt(const struct adc_dt_spec *spec)
{
    is_set_up[spec->channel_id] = true;
    return 0;
}

int adc_sequence_init_dt(const struct adc_dt_spec *spec, struct adc_sequence *sequence)
{
    sequence->channels = 1u << spec->channel_id;
    return 0;
}

int adc_read_dt(const struct adc_dt_spec *spec, const struct adc_sequence *sequence)
{
    int16_t raw;

    if (!is_set_up[spec->channel_id] || sequence->channels != 1u << spec->channel_id ||
        sequence->buffer_size != sizeof raw) {
        exit(2);
    }
    if (fread(&raw, sizeof raw, 1, stdin) != 1) {
        exit(0);
    }
    memcpy(sequence->buffer, &raw, sizeof raw);
    return raw < 0 ? -EIO : 0;
}

int adc_raw_to_millivolts_dt(const struct adc_dt_spec *spec, int32_t *value)
{
    (void)spec;
    *value = *value * 3300 >> 12;
    return 0;
}

void k_timer_init(struct k_timer *timer, void (*expired)(struct k_timer *),
                  void (*stopped)(struct k_timer *))
{
    (void)expired, (void)stopped;
    timer->ticks = 0;
}

void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period)
{
    timer->ticks = duration.us == period.us ? 1u : 0u;
}

uint32_t k_timer_status_sync(struct k_timer *timer)
{
    if (timer->ticks == 0u) {
        exit(2);
    }
    return ++samples == LATE ? 2u : 1u;
}

void printk(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}
