/* SPDX-License-Identifier: Apache-2.0 */
/* What is linked when the product brings no sensors, in the place of sensing.c: samples come over
 * the line. The sensors are weak, because a main of the user's own may have functions of these
 * names. */
#include "app.h"

#include "safe/sensor.h"

bool safe_app_start_sensing(safe_detector_t *detector, float *sample, safe_sample_hook_t hook)
{
    (void)detector;
    (void)sample;
    (void)hook;
    return false;
}

void safe_app_take_due(void)
{
}

void safe_app_offer_watch(safe_server_t *server)
{
    (void)server;
}

void safe_app_end_frame(void)
{
}

__attribute__((weak)) safe_status_t safe_sensor_start(void)
{
    return SAFE_STATUS_UNSUPPORTED;
}

__attribute__((weak)) safe_status_t safe_sensor_read(float *sample)
{
    (void)sample;
    return SAFE_STATUS_UNSUPPORTED;
}
