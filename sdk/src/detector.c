/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a step; what follows from the statistics is in detector_score.c. */
#include "safe/detector.h"

#include "detector_internal.h"
#include "safe/compiler.h"
#include "safe/exact_float.h"
#include "scaler_internal.h"

SAFE_COLD safe_status_t safe_detector_reset(safe_detector_t *detector)
{
    safe_sensors_reset(&detector->sensors, detector->config->mean);
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        safe_tracker_forget(&detector->trackers[i]);
    }
    safe_blocks_forget(&detector->blocks);
    detector->verdict.credit = 0;
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
SAFE_COLD SAFE_NOINLINE safe_status_t safe_detector_gap(safe_detector_t *detector)
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

/** Takes the mean of the hour away. @param levels [channels] the same values in their ring. */
static void take_hour(safe_detector_t *detector, float *levels)
{
    const safe_detector_config_t *config = detector->config;
    /* phase < day_samples <= 2^31 / 24: the product fits. */
    uint32_t hour = detector->phase * SAFE_DETECTOR_HOURS / config->day_samples;
    const int16_t *steps = &config->hour_mean[(size_t)hour * config->channels];

    for (size_t c = 0; c < config->channels; c++) {
        float mean = (float)steps[c] * config->hour_scale[c];

        detector->deviation[c] = detector->deviation[c] - mean;
        levels[c] = detector->deviation[c];
    }
}

/** Standardizes the last good values, less the mean of the hour, and puts them into their ring. */
static void take_level(safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;
    const float *last = detector->sensors.last;
    const float *mean = config->mean;
    const float *inv_std = config->inv_std;
    float *deviation = detector->deviation;
    float *levels = safe_rows_push(&detector->levels);
    float limit = config->score_limit;
    size_t channels = config->channels;

    for (size_t c = 0; c < channels; c++) {
        float centred = last[c] - mean[c];
        float z = safe_clamped(centred * inv_std[c], limit);

        deviation[c] = z;
        levels[c] = z;
    }
    if (detector->has_phase) {
        take_hour(detector, levels);
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
    const uint16_t *channels = form->channels;
    const float *alpha = detector->config->innovation_alpha;
    const float *deviation = detector->deviation;
    const bool *is_bad = detector->sensors.is_bad;
    const bool *returns = detector->sensors.returns;
    float *smooth = detector->smooth;
    float *errors = safe_rows_push(&detector->innovations);
    bool starts = !detector->has_smooth;

    for (size_t k = 0; k < form->count; k++) {
        size_t c = channels[k];
        float error = 0.0f;

        if (starts || returns[c]) {
            smooth[k] = deviation[c];
        } else if (!is_bad[c]) {
            float step;

            error = deviation[c] - smooth[k];
            step = alpha[k] * error;
            smooth[k] = smooth[k] + step;
        }
        errors[k] = error;
    }
    detector->has_smooth = true;
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
    if (detector->config->network != NULL) {
        detector->config->network->bridge(detector);
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
        detector->config->network->take(detector);
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
