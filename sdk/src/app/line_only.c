/* SPDX-License-Identifier: Apache-2.0 */
/* What is linked when the product brings no sensors: samples come over the line. Weak, because a
 * main of the user's own may have functions of these names. */
#include "safe/sensor.h"

__attribute__((weak)) safe_status_t safe_sensor_start(void)
{
    return SAFE_STATUS_UNSUPPORTED;
}

__attribute__((weak)) safe_status_t safe_sensor_read(float *sample)
{
    (void)sample;
    return SAFE_STATUS_UNSUPPORTED;
}
