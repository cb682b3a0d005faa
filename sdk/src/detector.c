/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a step; what follows from the statistics is in detector_score.c. */
#include "safe/detector.h"

#include "detector_internal.h"
#include "safe/compiler.h"
#include "safe/exact_float.h"
#include "safe/scaler.h"

safe_status_t safe_detector_reset(safe_detector_t *detector)
{
    safe_sensors_reset(&detector->sensors, detector->config->mean);
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        safe_tracker_forget(&detector->trackers[i]);
    }
    safe_blocks_forget(&detector->blocks);
    detector->learned = 0;
    detector->progress = 0;
    detector->missing = 0;
    detector->was_stale = false;
    for (size_t k = 0; k < detector->config->drift_count; k++) {
        detector->slow[k] = 0.0f;
        detector->slow_start[k] = 0.0f;
    }
    return safe_detector_gap(detector);
}

/* Seldom needed, from several places: one copy of it, outside of the step. */
SAFE_NOINLINE safe_status_t safe_detector_gap(safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;

    safe_rows_clear(&detector->levels);
    safe_rows_clear(&detector->medians);
    safe_rows_clear(&detector->innovations);
    for (size_t k = 0; k < config->forms[SAFE_DETECTOR_RESIDUAL].count; k++) {
        detector->error[k] = 0.0f;
    }
    for (size_t c = 0; c < config->channels; c++) {
        detector->input[c] = 0.0f;
    }
    detector->samples = 0;
    detector->score = 0.0f;
    detector->has_score = false;
    detector->has_smooth = false;
    detector->has_error = false;
    detector->was_raised = false;
    safe_verdict_reset(&detector->verdict);
    safe_detector_drop_blocks(detector);
    return config->network != NULL ? config->network->reset(detector) : SAFE_STATUS_OK;
}

/** The day goes on by `samples`. */
static void tick(safe_detector_t *detector, uint32_t samples)
{
    uint32_t day = detector->config->day_samples;

    if (detector->has_phase) {
        detector->phase = (detector->phase + samples % day) % day;
    }
}

/** Standardizes the last good values, less the mean of the hour, and puts them into their ring. */
static void take_level(safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;
    float *levels = safe_rows_push(&detector->levels);
    const int16_t *steps = NULL;

    if (detector->has_phase) {
        /* phase < day_samples <= 2^31 / 24: the product fits. */
        uint32_t hour = detector->phase * SAFE_DETECTOR_HOURS / config->day_samples;

        steps = &config->hour_mean[(size_t)hour * config->channels];
    }
    for (size_t c = 0; c < config->channels; c++) {
        float z =
            safe_scaler_standardize(detector->sensors.last[c], config->mean[c], config->inv_std[c]);
        float deviation = safe_scaler_clamp(z, config->score_limit);

        if (steps != NULL) {
            float mean = (float)steps[c] * config->hour_scale[c];

            deviation = deviation - mean;
        }
        detector->deviation[c] = deviation;
        levels[c] = deviation;
    }
}

/** Puts the medians of the last three samples into their ring; the first two stand for
 * themselves. */
static void take_median(safe_detector_t *detector)
{
    const safe_detector_form_t *form = &detector->config->forms[SAFE_DETECTOR_MEDIAN];
    float *before = detector->before;
    bool is_first = detector->medians.count == 0u;
    float *medians = safe_rows_push(&detector->medians);

    for (size_t k = 0; k < form->count; k++) {
        float present = detector->deviation[form->channels[k]];
        float a = is_first ? present : before[2u * k];
        float b = is_first ? present : before[2u * k + 1u];
        float low = a < b ? a : b;
        float high = a < b ? b : a;
        float middle = present < high ? present : high;

        medians[k] = middle > low ? middle : low;
        before[2u * k] = b;
        before[2u * k + 1u] = present;
    }
}

/** Puts the smoothers' errors into their ring, and follows the samples. */
static void take_innovation(safe_detector_t *detector)
{
    const safe_detector_form_t *form = &detector->config->forms[SAFE_DETECTOR_INNOVATION];
    float *errors = safe_rows_push(&detector->innovations);

    for (size_t k = 0; k < form->count; k++) {
        size_t c = form->channels[k];
        float present = detector->deviation[c];

        if (!detector->has_smooth || detector->sensors.returns[c]) {
            detector->smooth[k] = present;
            errors[k] = 0.0f;
        } else if (detector->sensors.is_bad[c]) {
            errors[k] = 0.0f;
        } else {
            float error = present - detector->smooth[k];
            float step = detector->config->innovation_alpha[k] * error;

            detector->smooth[k] = detector->smooth[k] + step;
            errors[k] = error;
        }
    }
    detector->has_smooth = true;
}

static bool has_forecasts(const safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;

    return config->network != NULL &&
           detector->samples >= (uint32_t)config->window + config->horizon - 1u;
}

/** Makes the model input, relative to the baseline.
 * @param forecast [channels] stands for what is bad; null while there is none. */
static void make_input(safe_detector_t *detector, const float *forecast)
{
    const safe_detector_config_t *config = detector->config;
    const float *mean = detector->trackers[SAFE_DETECTOR_LEVEL].mean;

    for (size_t c = 0; c < config->channels; c++) {
        float centred = mean != NULL ? detector->deviation[c] - mean[c] : detector->deviation[c];

        if (forecast != NULL && detector->sensors.is_bad[c]) {
            centred = forecast[c];
        }
        detector->input[c] = safe_scaler_clamp(centred, config->score_limit);
    }
}

/** The residual follows the error of the forecasts. @param forecast [channels]. */
static void take_residual(safe_detector_t *detector, const float *forecast)
{
    const safe_detector_config_t *config = detector->config;
    const safe_detector_form_t *form = &config->forms[SAFE_DETECTOR_RESIDUAL];

    for (size_t k = 0; k < form->count; k++) {
        size_t c = form->channels[k];
        float error = detector->sensors.is_bad[c] ? 0.0f : detector->input[c] - forecast[c];
        float change = error - detector->error[k];
        float step = config->residual_alpha * change;

        detector->error[k] = detector->error[k] + step;
    }
    detector->has_error = true;
}

/** What concerns the network: its input, and how far its forecasts were off. */
static void take_input(safe_detector_t *detector)
{
    float *forecast = NULL;

    if (has_forecasts(detector)) {
        forecast = detector->feature; /* scratch of the judgement, which comes later */
        detector->config->network->forecast(detector, forecast);
    }
    make_input(detector, forecast);
    if (forecast != NULL) {
        take_residual(detector, forecast);
    }
}

/** The sample is done: its input joins the window. */
static safe_status_t finish_sample(safe_detector_t *detector, bool *has_forecast)
{
    safe_status_t status = SAFE_STATUS_OK;
    safe_status_t forgotten = SAFE_STATUS_OK;

    if (detector->samples < UINT32_MAX) { /* At 1 Hz 136 years; then it stays. */
        detector->samples++;
    }
    if (detector->config->network != NULL) {
        status = detector->config->network->look_ahead(detector, has_forecast);
    }
    if (status != SAFE_STATUS_OK) {
        /* A forecast is missing, and sums without it give wrong residuals: start anew. */
        forgotten = safe_detector_gap(detector);
    }
    return status == SAFE_STATUS_OK ? forgotten : status;
}

/** Puts the forecasts in the place of a sample that is not there. */
static safe_status_t pass_missing(safe_detector_t *detector, bool *has_forecast)
{
    const safe_detector_config_t *config = detector->config;

    if (has_forecasts(detector)) {
        config->network->forecast(detector, detector->input);
        for (size_t c = 0; c < config->channels; c++) {
            detector->input[c] = safe_scaler_clamp(detector->input[c], config->score_limit);
        }
    }
    return finish_sample(detector, has_forecast);
}

/** Counts missing samples. @return whether they are a gap. */
static bool count_missing(safe_detector_t *detector, uint32_t count)
{
    uint32_t room = UINT32_MAX - detector->missing;

    detector->missing += count < room ? count : room;
    tick(detector, count);
    return detector->missing > detector->config->sensors.max_missed;
}

safe_status_t safe_detector_missed(safe_detector_t *detector, uint32_t count)
{
    safe_status_t status = SAFE_STATUS_OK;
    bool has_forecast = false;

    if (detector == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (count_missing(detector, count)) {
        return safe_detector_gap(detector);
    }
    for (uint32_t i = 0; i < count && status == SAFE_STATUS_OK; i++) {
        status = pass_missing(detector, &has_forecast);
    }
    return status;
}

static safe_status_t step_missing(safe_detector_t *detector, safe_detector_result_t *result)
{
    safe_status_t status = SAFE_STATUS_OK;
    bool is_gap = count_missing(detector, 1);

    if (is_gap) {
        status = safe_detector_gap(detector);
    }
    result->is_missing = true;
    result->index = detector->samples;
    safe_detector_describe(detector, result);
    result->state = safe_detector_state_without(detector);
    if (!is_gap) {
        status = pass_missing(detector, &result->has_forecast);
    }
    return status == SAFE_STATUS_OK ? SAFE_STATUS_NOT_FINITE : status;
}

static safe_status_t step_sample(safe_detector_t *detector, safe_detector_result_t *result)
{
    take_level(detector);
    if (detector->config->forms[SAFE_DETECTOR_MEDIAN].count != 0u) {
        take_median(detector);
    }
    if (detector->config->forms[SAFE_DETECTOR_INNOVATION].count != 0u) {
        take_innovation(detector);
    }
    if (detector->config->network != NULL) {
        take_input(detector);
    }
    safe_detector_describe(detector, result);
    safe_detector_score(detector, result);
    tick(detector, 1);
    return finish_sample(detector, &result->has_forecast);
}

/* Kept whole, even by an optimization at link time: its instructions are counted. */
SAFE_NOINLINE safe_status_t safe_detector_step(safe_detector_t *detector, const float *sample,
                                               size_t channels, safe_detector_result_t *result)
{
    if (detector == NULL || sample == NULL || result == NULL ||
        channels != detector->config->channels) {
        return SAFE_STATUS_ARGUMENT;
    }
    *result = (safe_detector_result_t){.index = detector->samples, .state = SAFE_DETECTOR_WARMUP};
    result->drift = SAFE_DETECTOR_NO_CHANNEL;
    result->event = detector->was_stale ? SAFE_DETECTOR_SILENCE : 0u;
    detector->was_stale = false;
    for (size_t i = 0; i < SAFE_DETECTOR_TOP; i++) {
        result->top[i] = SAFE_DETECTOR_NO_CHANNEL;
        result->masked[i] = SAFE_DETECTOR_NO_CHANNEL;
    }
    if (safe_sensors_are_missing(&detector->sensors, sample)) {
        return step_missing(detector, result);
    }
    detector->missing = 0;
    safe_sensors_take(&detector->sensors, sample);
    return step_sample(detector, result);
}
