/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/detector_check.h"

#include "safe/compiler.h"
#include "safe/exact_float.h"
#include "safe/quadratic.h"
#include "safe/scaler.h"

#define MAX_ROWS 1024u
#define MAX_FORM 1e15f
#define LEAST_VARIANCE 1e-20f
#define MOST_VARIANCE 1e12f
#define MOST 1e6f
#define LEAST 1e-6f
#define MOST_SCORE 1e9f
/** Its product with 24 hours fits a uint32_t. */
#define MOST_DAY_SAMPLES (INT32_MAX / 24)

/** True when low <= value <= high; false for NaN. */
static bool lies(float value, float low, float high)
{
    return value >= low && value <= high;
}

static bool all_lie(const float *values, size_t count, float low, float high)
{
    for (size_t i = 0; i < count; i++) {
        if (!lies(values[i], low, high)) {
            return false;
        }
    }
    return true;
}

static bool channels_ascend(const uint16_t *channels, size_t count, uint16_t below)
{
    if (count != 0u && channels == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool ascends = i == 0u || channels[i] > channels[i - 1u];

        if (!ascends || channels[i] >= below) {
            return false;
        }
    }
    return true;
}

/** @param priors how many there must be. */
static bool form_is_usable(const safe_detector_form_t *form, const safe_detector_config_t *config,
                           size_t priors)
{
    if (priors != 0u &&
        (form->prior == NULL || !all_lie(form->prior, priors, LEAST_VARIANCE, MOST_VARIANCE))) {
        return false;
    }
    if (form->count == 0u) {
        return true;
    }
    return form->count <= config->channels && form->factor != NULL &&
           channels_ascend(form->channels, form->count, config->channels) &&
           safe_quadratic_bound(form->factor, form->count, config->feature_limit) <= MAX_FORM;
}

static bool scaler_is_usable(const safe_detector_config_t *config)
{
    if (config->mean == NULL || config->inv_std == NULL || !lies(config->score_limit, 0.0f, MOST)) {
        return false;
    }
    for (size_t c = 0; c < config->channels; c++) {
        /* inv_std > 0 keeps z from becoming inf * 0 = NaN. */
        if (!safe_scaler_is_finite(config->mean[c]) || !safe_scaler_is_finite(config->inv_std[c]) ||
            !(config->inv_std[c] > 0.0f)) {
            return false;
        }
    }
    return true;
}

static bool is_share(float value)
{
    return value > 0.0f && value <= 1.0f;
}

static bool baseline_is_usable(const safe_baseline_config_t *baseline)
{
    bool settles = baseline->learn_samples == 0u
                       ? baseline->settle_samples == 0u
                       : baseline->settle_samples < baseline->learn_samples;

    return settles && lies(baseline->prior_rows, 1.0f, MOST) && baseline->block_rows != 0u &&
           is_share(baseline->mean_step) && is_share(baseline->spread_step) &&
           lies(baseline->growth, 1.0f, MOST) && lies(baseline->peak, LEAST, MOST);
}

static bool verdict_is_usable(const safe_verdict_config_t *verdict)
{
    return lies(verdict->alarm, verdict->notice, MOST_SCORE) && verdict->notice > 0.0f &&
           is_share(verdict->hold) && verdict->confirm_rows != 0u &&
           is_share(verdict->recover_share);
}

static bool sensors_are_usable(const safe_detector_config_t *config)
{
    const safe_sensors_config_t *sensors = &config->sensors;

    if (sensors->low == NULL || sensors->high == NULL || sensors->stuck_samples == NULL ||
        sensors->stuck_band == NULL || sensors->max_masked > SAFE_DETECTOR_MOST_MASKED ||
        sensors->return_samples < (uint32_t)config->rows + SAFE_DETECTOR_INNOVATION_ROWS) {
        return false;
    }
    for (size_t c = 0; c < config->channels; c++) {
        bool are_bounds = sensors->low[c] >= -FLT_MAX && sensors->high[c] <= FLT_MAX &&
                          sensors->low[c] < sensors->high[c];

        if (!are_bounds || !(sensors->stuck_band[c] >= 0.0f)) {
            return false;
        }
    }
    return true;
}

static bool statistics_are_usable(const safe_detector_config_t *config)
{
    bool any = false;

    if (config->rows < SAFE_DETECTOR_INNOVATION_ROWS || config->rows > MAX_ROWS ||
        !(config->feature_limit > 0.0f) || config->feature_limit > MOST) {
        return false;
    }
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        const safe_detector_form_t *form = &config->forms[i];
        size_t priors = i == SAFE_DETECTOR_LEVEL ? config->channels : form->count;

        any = any || form->count != 0u;
        if (!form_is_usable(form, config, priors)) {
            return false;
        }
    }
    return any && is_share(config->alpha) && is_share(config->residual_alpha) &&
           (config->forms[SAFE_DETECTOR_INNOVATION].count == 0u ||
            (config->innovation_alpha != NULL &&
             all_lie(config->innovation_alpha, config->forms[SAFE_DETECTOR_INNOVATION].count, LEAST,
                     1.0f)));
}

static bool hours_are_usable(const safe_detector_config_t *config)
{
    if (config->day_samples == 0u) {
        return true;
    }
    return config->day_samples <= MOST_DAY_SAMPLES && config->hour_mean != NULL &&
           config->hour_scale != NULL && all_lie(config->hour_scale, config->channels, 0.0f, MOST);
}

/** A device that learns its baseline has one regime. */
static bool regimes_are_usable(const safe_detector_config_t *config)
{
    return config->regimes == 0u ||
           (config->regimes <= SAFE_DETECTOR_MOST_REGIMES && config->regime_mean != NULL &&
            config->baseline.learn_samples == 0u &&
            all_lie(config->regime_mean, (size_t)config->regimes * config->channels, -MOST, MOST));
}

static bool drift_is_usable(const safe_detector_config_t *config)
{
    return config->drift_count <= config->channels &&
           channels_ascend(config->drift_channels, config->drift_count, config->channels) &&
           (config->drift_count == 0u ||
            (config->drift_limit != NULL && is_share(config->drift_alpha) &&
             all_lie(config->drift_limit, config->drift_count, LEAST, MOST)));
}

/** Silence is longer than what forecasts bridge, and measured in known periods. */
static bool pace_is_usable(const safe_detector_config_t *config)
{
    return config->stale_samples == 0u ||
           (config->period_us != 0u && config->stale_samples > config->sensors.max_missed);
}

static bool network_fits(const safe_detector_config_t *config, const safe_model_t *model)
{
    if (config->network == NULL || model == NULL) {
        return config->network == NULL && model == NULL && config->window == 0u &&
               config->horizon == 0u && config->forms[SAFE_DETECTOR_RESIDUAL].count == 0u;
    }
    return config->network->fits(config, model);
}

SAFE_COLD bool safe_detector_config_is_usable(const safe_detector_config_t *config,
                                              const safe_model_t *model)
{
    return config->channels != 0u && network_fits(config, model) && scaler_is_usable(config) &&
           sensors_are_usable(config) && statistics_are_usable(config) &&
           baseline_is_usable(&config->baseline) && verdict_is_usable(&config->verdict) &&
           hours_are_usable(config) && regimes_are_usable(config) && drift_is_usable(config) &&
           pace_is_usable(config);
}
