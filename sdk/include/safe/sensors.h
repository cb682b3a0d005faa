/* SPDX-License-Identifier: Apache-2.0 */
/** @file sensors.h Which channels can be believed, sample by sample.
 *
 * A value is bad when it is not finite, outside of the channel's physical range, or the last of
 * `stuck_samples` that stand still: each differs from the good one before by at most `stuck_band`.
 * A channel is masked from a bad value until `return_samples` good ones came in a row, and for good
 * when it was masked for more than half of the learning. Specified in
 * `host_tools/detection/sensors.py`. Storage is the caller's.
 */
#ifndef SAFE_SENSORS_H
#define SAFE_SENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants, in flash. */
typedef struct safe_sensors_config {
    const float *low;              /**< [channels] raw units, finite; a value below is no
                                        measurement. */
    const float *high;             /**< [channels] the same above. */
    const float *stuck_band;       /**< [channels] raw units; a smaller move is none. */
    const uint16_t *stuck_samples; /**< [channels] values that stand still and mean stuck; 0: none
                                      do. */
    uint16_t max_masked;           /**< Masked channels up to which a verdict is given. */
    uint16_t return_samples;       /**< Good samples after which a channel is believed again. */
    uint16_t max_missed;           /**< Samples in a row that may be missing. */
} safe_sensors_config_t;

/** What is known of each channel. */
typedef struct safe_sensors {
    const safe_sensors_config_t *config;
    uint16_t channels;
    uint16_t masked;    /**< Channels that are masked. */
    float *last;        /**< [channels] last value that was finite and in range, raw. */
    uint16_t *still;    /**< [channels] values in a row that stand still, stays at its largest. */
    uint16_t *good;     /**< [channels] good samples in a row, up to return_samples. */
    bool *is_bad;       /**< [channels] the present value. */
    bool *returns;      /**< [channels] the value before was bad, this one is not. */
    bool *is_masked;    /**< [channels] */
    bool *is_unlearned; /**< [channels] masked for good. */
} safe_sensors_t;

/** Every channel is believed. @param mean [channels], stands for a channel without a good value. */
void safe_sensors_reset(safe_sensors_t *sensors, const float *mean);

/** True when no value of the sample is finite and in range: it was not taken at all. */
bool safe_sensors_are_missing(const safe_sensors_t *sensors, const float *sample);

/** Judges one sample [channels]. */
void safe_sensors_take(safe_sensors_t *sensors, const float *sample);

/** Counts the masked channels anew: is_unlearned has changed. */
void safe_sensors_refresh(safe_sensors_t *sensors);

#ifdef __cplusplus
}
#endif

#endif
