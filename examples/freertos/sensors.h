/* SPDX-License-Identifier: Apache-2.0 */
/* What the product adds: its sensors, and what it does with a state. */
#ifndef SENSORS_H
#define SENSORS_H

#include "safe_forecaster_detector.h"

/** Reads one sample [SAFE_FORECASTER_CHANNELS], in less than a period. @return whether there is
 * one. */
bool read_sensors(float *sample);

/** Told of every step; `result` is null when the detector cannot go on. */
void tell_state(safe_status_t status, const safe_detector_result_t *result);

#endif
