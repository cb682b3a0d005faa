/* SPDX-License-Identifier: Apache-2.0 */
/* Two thermometers with the registers of a TMP102 (or an LM75) on I2C: pins PB6 and PB7 of an
 * STM32F4. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "i2c.h"
#include "safe/sensor.h"

#define TEMPERATURE 0u
#define CONFIGURATION 1u
/** Steps of 1/16 degree, left-justified in 16 bits. */
#define STEPS_PER_DEGREE 256.0f

/** In the order of the model's channels: ADD0 at ground and at the supply. */
static const uint8_t devices[] = {0x48, 0x49};
#define COUNT (sizeof devices / sizeof devices[0])

safe_status_t safe_sensor_start(void)
{
    static const uint8_t eight_a_second[] = {0x60, 0xE0}; /* CR1 and CR0: SBOS397 */
    safe_status_t status = safe_i2c_init();

    for (size_t i = 0; i < COUNT && status == SAFE_STATUS_OK; i++) {
        status = safe_i2c_write(devices[i], CONFIGURATION, eight_a_second, sizeof eight_a_second);
    }
    return status;
}

/* A device that does not answer is a value that is not there. When none answers there is no sample:
 * it counts as missed, and the line says why. */
safe_status_t safe_sensor_read(float *sample)
{
    safe_status_t last = SAFE_STATUS_OK;
    size_t answers = 0;

    for (size_t i = 0; i < COUNT; i++) {
        uint8_t bytes[2];
        safe_status_t status = safe_i2c_read(devices[i], TEMPERATURE, bytes, sizeof bytes);

        if (status == SAFE_STATUS_OK) {
            int32_t steps = (int32_t)((uint32_t)bytes[0] << 8 | bytes[1]);

            steps -= steps >= 0x8000 ? 0x10000 : 0;
            sample[i] = (float)steps / STEPS_PER_DEGREE;
            answers++;
        } else {
            sample[i] = NAN;
            last = status;
        }
    }
    return answers != 0u ? SAFE_STATUS_OK : last;
}
