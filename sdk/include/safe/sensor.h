/* SPDX-License-Identifier: Apache-2.0 */
/** @file sensor.h The product's own sensors, which the detector application reads by its clock.
 *
 * Both functions are yours: `scons app=detector sensor=FOLDER` links them. Without sensors the
 * application is linked with sdk/src/app/line_only.c instead, and samples come over the line.
 *
 * They run in the main loop, never in an interrupt handler, and must end well before the watchdog's
 * 8 seconds. A read should take less than one period of the model: each tick that passes meanwhile
 * is a missed sample (safe_detector_missed), and the line says so.
 */
#ifndef SAFE_SENSOR_H
#define SAFE_SENSOR_H

#include <stdint.h>

#include "safe/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What `scons app=logger` sends of the sensors, before there is a model: the host makes a log of
 * it (host_tools record --format frames). Only the logger needs it. */
typedef struct safe_sensor_log {
    const char *const *names; /**< [channels] UTF-8 with the unit: "flow [l/min]". */
    uint32_t period_us;       /**< From sample to sample; not 0. */
    uint16_t channels;        /**< 1 to SAFE_SERVER_MAX_CHANNELS */
} safe_sensor_log_t;

extern const safe_sensor_log_t safe_sensor_log;

/** Sets the sensors up, once, before the first read; clock, line and time run already.
 * @return UNSUPPORTED: this image has no sensors. Any other status but OK is told on the line, and
 * the reads go on: a sensor may come up later. */
SAFE_MUST_CHECK safe_status_t safe_sensor_start(void);

/** Reads one sample, once in each period of the model.
 * @param sample [channels] to be filled in the units and the order of the training data, which the
 * generated header names; NaN for a value that is not there.
 * @return Any status but OK: there is no sample; it counts as missed, and the line tells why. */
SAFE_MUST_CHECK safe_status_t safe_sensor_read(float *sample);

#ifdef __cplusplus
}
#endif

#endif
