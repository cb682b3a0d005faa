/* SPDX-License-Identifier: Apache-2.0 */
/* What is linked when the product brings no sensors: samples come over the line. */
#include "safe/sensor.h"

safe_status_t safe_sensor_start(void)
{
    return SAFE_STATUS_UNSUPPORTED;
}

safe_status_t safe_sensor_read(float *sample)
{
    (void)sample;
    return SAFE_STATUS_UNSUPPORTED;
}
