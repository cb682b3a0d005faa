/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/sensors.h"

#include "safe/exact_float.h"
#include "safe/scaler.h"

void safe_sensors_reset(safe_sensors_t *sensors, const float *mean)
{
    sensors->masked = 0;
    for (size_t c = 0; c < sensors->channels; c++) {
        sensors->last[c] = mean[c];
        sensors->still[c] = 0;
        sensors->good[c] = sensors->config->return_samples;
        sensors->is_bad[c] = false;
        sensors->returns[c] = false;
        sensors->is_masked[c] = false;
        sensors->is_unlearned[c] = false;
    }
}

static bool is_invalid(const safe_sensors_config_t *config, float value, size_t c)
{
    return !safe_scaler_is_finite(value) || value < config->low[c] || value > config->high[c];
}

bool safe_sensors_are_missing(const safe_sensors_t *sensors, const float *sample)
{
    for (size_t c = 0; c < sensors->channels; c++) {
        if (!is_invalid(sensors->config, sample[c], c)) {
            return false;
        }
    }
    return true;
}

/** Counts values that stand still. @return whether the value is bad. */
static bool judge(safe_sensors_t *sensors, float value, size_t c)
{
    const safe_sensors_config_t *config = sensors->config;
    uint16_t limit = config->stuck_samples[c];
    float step;

    if (is_invalid(config, value, c)) {
        return true;
    }
    step = value - sensors->last[c];
    sensors->last[c] = value;
    if (sensors->still[c] == 0u || !(step >= -config->stuck_band[c]) ||
        !(step <= config->stuck_band[c])) {
        sensors->still[c] = 1;
    } else if (sensors->still[c] < UINT16_MAX) {
        sensors->still[c]++;
    }
    return limit != 0u && sensors->still[c] >= limit;
}

void safe_sensors_take(safe_sensors_t *sensors, const float *sample)
{
    uint16_t most = sensors->config->return_samples;
    uint16_t masked = 0;

    for (size_t c = 0; c < sensors->channels; c++) {
        bool is_bad = judge(sensors, sample[c], c);

        sensors->returns[c] = sensors->is_bad[c] && !is_bad;
        sensors->is_bad[c] = is_bad;
        if (is_bad) {
            sensors->good[c] = 0;
        } else if (sensors->good[c] < most) {
            sensors->good[c]++;
        }
        sensors->is_masked[c] = sensors->good[c] < most || sensors->is_unlearned[c];
        masked = (uint16_t)(masked + (sensors->is_masked[c] ? 1u : 0u));
    }
    sensors->masked = masked;
}

void safe_sensors_refresh(safe_sensors_t *sensors)
{
    uint16_t masked = 0;

    for (size_t c = 0; c < sensors->channels; c++) {
        sensors->is_masked[c] =
            sensors->good[c] < sensors->config->return_samples || sensors->is_unlearned[c];
        masked = (uint16_t)(masked + (sensors->is_masked[c] ? 1u : 0u));
    }
    sensors->masked = masked;
}
