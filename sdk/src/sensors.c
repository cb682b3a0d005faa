/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/sensors.h"

#include "safe/compiler.h"
#include "safe/exact_float.h"

SAFE_COLD void safe_sensors_reset(safe_sensors_t *sensors, const float *mean)
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

/** True for a finite value in range: the bounds are finite, and NaN is not between them. */
static bool is_valid(float value, float low, float high)
{
    return value >= low && value <= high;
}

bool safe_sensors_are_missing(const safe_sensors_t *sensors, const float *sample)
{
    const safe_sensors_config_t *config = sensors->config;

    for (size_t c = 0; c < sensors->channels; c++) {
        if (is_valid(sample[c], config->low[c], config->high[c])) {
            return false;
        }
    }
    return true;
}

/** Counts values that stand still, `still` of them so far. @return the count with this one. */
static uint16_t count_still(uint16_t still, float step, float band)
{
    if (still == 0u || __builtin_fabsf(step) > band) {
        return 1;
    }
    return still < UINT16_MAX ? (uint16_t)(still + 1u) : still;
}

/** Judges one value. @return whether it is bad. */
static bool judge(const safe_sensors_t *sensors, float value, size_t c)
{
    const safe_sensors_config_t *config = sensors->config;
    uint16_t limit;
    uint16_t still;

    if (!is_valid(value, config->low[c], config->high[c])) {
        return true;
    }
    /* Both are finite: the step is not NaN. */
    still = count_still(sensors->still[c], value - sensors->last[c], config->stuck_band[c]);
    limit = config->stuck_samples[c];
    sensors->last[c] = value;
    sensors->still[c] = still;
    return limit != 0u && still >= limit;
}

/** Turns what a sample's values are like, in `returns`, into masks. */
static void update_masks(safe_sensors_t *sensors)
{
    uint16_t most = sensors->config->return_samples;

    for (size_t c = 0; c < sensors->channels; c++) {
        bool is_bad = sensors->returns[c];

        sensors->returns[c] = sensors->is_bad[c] && !is_bad;
        sensors->is_bad[c] = is_bad;
        if (is_bad) {
            sensors->good[c] = 0;
        } else if (sensors->good[c] < most) {
            sensors->good[c]++;
        }
    }
    safe_sensors_refresh(sensors);
}

void safe_sensors_take(safe_sensors_t *sensors, const float *sample)
{
    const safe_sensors_t kept = *sensors; /* its pointers, which no store changes */
    bool any = false;

    for (size_t c = 0; c < kept.channels; c++) {
        bool is_bad = judge(&kept, sample[c], c);

        kept.returns[c] = is_bad;
        any = any || is_bad;
    }
    /* While nothing is masked, no value was bad, and all counts of good ones are full: a sample of
     * good values changes none of it. */
    if (any || sensors->masked != 0u) {
        update_masks(sensors);
    }
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
