/* SPDX-License-Identifier: Apache-2.0 */
/* What an application with a clock tells the detector: the time of day, and that nothing comes. */
#include "safe/detector.h"

#define US_PER_MS 1000u

safe_status_t safe_detector_set_phase(safe_detector_t *detector, uint32_t sample_of_day)
{
    if (sample_of_day >= detector->config->day_samples) {
        return SAFE_STATUS_ARGUMENT;
    }
    detector->phase = sample_of_day;
    detector->has_phase = true;
    return SAFE_STATUS_OK;
}

uint32_t safe_detector_stale_ms(const safe_detector_config_t *config)
{
    uint32_t whole = config->stale_samples / US_PER_MS;
    uint32_t rest = config->stale_samples % US_PER_MS;
    uint32_t period_ms = config->period_us / US_PER_MS;
    uint32_t period_rest = config->period_us % US_PER_MS;
    /* samples * period / 1000 in 32 bits: 999 * 4,294,967 + 998 fits. */
    uint32_t ms = rest * period_ms + rest * period_rest / US_PER_MS;

    if (config->stale_samples == 0u) {
        return 0;
    }
    if (ms >= INT32_MAX || (whole != 0u && config->period_us > (INT32_MAX - ms) / whole)) {
        return INT32_MAX;
    }
    ms += whole * config->period_us;
    return ms == 0u ? 1u : ms;
}

safe_detector_result_t safe_detector_silence(void)
{
    safe_detector_result_t result = {.state = SAFE_DETECTOR_STALE,
                                     .drift = SAFE_DETECTOR_NO_CHANNEL};

    for (size_t i = 0; i < SAFE_DETECTOR_TOP; i++) {
        result.top[i] = SAFE_DETECTOR_NO_CHANNEL;
        result.masked[i] = SAFE_DETECTOR_NO_CHANNEL;
    }
    return result;
}

safe_status_t safe_detector_stale(safe_detector_t *detector)
{
    detector->was_stale = true;
    return safe_detector_gap(detector);
}
