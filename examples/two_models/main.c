/* SPDX-License-Identifier: Apache-2.0 */
/* Two models in one image: a pump and a fan, each with a detector of its own and one runtime.
 * A line of the standard input holds a letter, p or f, and the sample of that machine. */
#include <stdio.h>

#include "safe_fan_detector.h"
#include "safe_pump_detector.h"

static void tell(const char *machine, safe_status_t status, const safe_detector_result_t *result,
                 const char *const *names)
{
    if (status != SAFE_STATUS_OK) {
        printf("%s: %s\n", machine, safe_status_text(status));
    } else if (result->state == SAFE_DETECTOR_ALARM) {
        printf("%s: alarm, %s\n", machine, names[result->top[0]]);
    } else {
        printf("%s: state %d\n", machine, (int)result->state);
    }
}

static bool read_values(float *sample, unsigned count)
{
    for (unsigned c = 0; c < count; c++) {
        if (scanf("%f", &sample[c]) != 1) {
            return false;
        }
    }
    return true;
}

static bool take_pump(void)
{
    float sample[SAFE_PUMP_CHANNELS];
    safe_detector_result_t result;
    bool is_read = read_values(sample, SAFE_PUMP_CHANNELS);

    if (is_read) {
        tell("pump", safe_pump_detector_step(sample, &result), &result, safe_pump_channel_names);
    }
    return is_read;
}

static bool take_fan(void)
{
    float sample[SAFE_FAN_CHANNELS];
    safe_detector_result_t result;
    bool is_read = read_values(sample, SAFE_FAN_CHANNELS);

    if (is_read) {
        tell("fan", safe_fan_detector_step(sample, &result), &result, safe_fan_channel_names);
    }
    return is_read;
}

int main(void)
{
    bool goes_on =
        safe_pump_detector_init() == SAFE_STATUS_OK && safe_fan_detector_init() == SAFE_STATUS_OK;
    char machine;

    while (goes_on && scanf(" %c", &machine) == 1) {
        goes_on = machine == 'p' ? take_pump() : take_fan();
    }
    return goes_on ? 0 : 1;
}
