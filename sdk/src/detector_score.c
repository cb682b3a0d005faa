/* SPDX-License-Identifier: Apache-2.0 */
/* From statistics to a state: forms, score, learning, following, drift. */
#include "detector_internal.h"
#include "safe/exact_float.h"
#include "safe/quadratic.h"

static bool learns(const safe_detector_t *detector)
{
    return detector->config->baseline.learn_samples != 0u;
}

static uint32_t learn_rows(const safe_detector_t *detector)
{
    const safe_baseline_config_t *config = &detector->config->baseline;

    return config->learn_samples - config->settle_samples;
}

static bool is_learning(const safe_detector_t *detector)
{
    return learns(detector) && detector->learned < learn_rows(detector);
}

static bool is_ready(const safe_detector_t *detector)
{
    return safe_rows_are_full(&detector->levels) &&
           (detector->config->day_samples == 0u || detector->has_phase);
}

static bool is_degraded(const safe_detector_t *detector)
{
    return detector->sensors.masked > detector->config->sensors.max_masked;
}

void safe_detector_drop_blocks(safe_detector_t *detector)
{
    safe_blocks_drop(&detector->blocks);
    if (is_learning(detector)) {
        return; /* The arrays of the blocks hold what is being learned. */
    }
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        safe_tracker_drop(&detector->trackers[i]);
    }
}

void safe_detector_describe(const safe_detector_t *detector, safe_detector_result_t *result)
{
    const safe_sensors_t *sensors = &detector->sensors;
    size_t found = 0;

    result->limit = safe_blocks_limit(&detector->blocks, detector->config->verdict.notice);
    result->score = detector->score;
    result->masked_count = sensors->masked;
    for (size_t c = 0; found < SAFE_DETECTOR_TOP && found < sensors->masked; c++) {
        if (sensors->is_masked[c]) {
            result->masked[found++] = (uint16_t)c;
        }
    }
}

safe_detector_state_t safe_detector_state_without(const safe_detector_t *detector)
{
    if (!is_ready(detector)) {
        return SAFE_DETECTOR_WARMUP;
    }
    if (is_degraded(detector)) {
        return SAFE_DETECTOR_DEGRADED;
    }
    return is_learning(detector) ? SAFE_DETECTOR_LEARN : detector->verdict.state;
}

/** Finds what a form is about, [features of its tracker], in `feature`, scratch or the state
 * itself. @return null while there is none. */
static const float *values_of(safe_detector_t *detector, size_t form)
{
    if (form != SAFE_DETECTOR_LEVEL && detector->config->forms[form].count == 0u) {
        return NULL;
    }
    switch (form) {
    case SAFE_DETECTOR_LEVEL:
        safe_rows_mean(&detector->levels, detector->feature);
        break;
    case SAFE_DETECTOR_MEDIAN:
        if (!safe_rows_are_full(&detector->medians)) {
            return NULL;
        }
        safe_rows_mean(&detector->medians, detector->feature);
        break;
    case SAFE_DETECTOR_INNOVATION:
        safe_rows_mean(&detector->innovations, detector->feature);
        break;
    default:
        return detector->has_error ? detector->error : NULL;
    }
    return detector->feature;
}

/** Turns values into F times the features of the channels that are not masked, in `feature`.
 * @return how many are masked. */
static size_t transform(safe_detector_t *detector, size_t name, const float *values)
{
    const safe_detector_form_t *form = &detector->config->forms[name];
    uint16_t masked[SAFE_DETECTOR_MOST_MASKED];
    float *feature = detector->feature;
    size_t found = 0;

    if (name == SAFE_DETECTOR_LEVEL && detector->config->regimes != 0u) {
        /* feature holds the values of the level */
        safe_tracker_take_nearest(&detector->trackers[name], feature, detector->config->regime_mean,
                                  detector->config->regimes, detector->sensors.is_masked);
    }
    safe_tracker_features(&detector->trackers[name], values, detector->config->feature_limit,
                          feature);
    for (size_t k = 0; name == SAFE_DETECTOR_LEVEL && k < form->count; k++) {
        feature[k] = feature[form->channels[k]]; /* Channels ascend: k <= channels[k]. */
    }
    for (size_t k = 0; detector->sensors.masked != 0u && k < form->count; k++) {
        if (detector->sensors.is_masked[form->channels[k]]) {
            feature[k] = 0.0f;
            masked[found++] = (uint16_t)k; /* At most max_masked, or the state were DEGRADED. */
        }
    }
    safe_quadratic_transform(form->factor, feature, form->count);
    safe_quadratic_project(form->factor, feature, form->count, masked, found, detector->columns);
    return found;
}

/** Computes every form; keeps what names the channels of the largest one. @return the largest
 * form's name, or FORMS while there is none. */
static size_t compute_forms(safe_detector_t *detector, safe_detector_result_t *result)
{
    size_t largest = SAFE_DETECTOR_FORMS;

    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        const safe_detector_form_t *form = &detector->config->forms[i];
        const float *values = values_of(detector, i);
        size_t masked;

        if (values == NULL) {
            continue;
        }
        if (form->count == 0u) {
            continue;
        }
        masked = transform(detector, i, values);
        result->forms[i] = safe_quadratic_square(detector->feature, form->count, masked);
        if (largest == SAFE_DETECTOR_FORMS || result->forms[i] > result->forms[largest]) {
            float *kept = detector->kept;

            largest = i;
            detector->kept = detector->feature;
            detector->feature = kept; /* scratch again: the two change places */
        }
    }
    return largest;
}

/** Smooths the largest form and judges it. */
static void judge(safe_detector_t *detector, safe_detector_result_t *result)
{
    size_t largest = compute_forms(detector, result);
    float present = largest == SAFE_DETECTOR_FORMS ? 0.0f : result->forms[largest];

    if (detector->has_score) {
        float change = present - detector->score;
        float step = detector->config->alpha * change;

        detector->score = detector->score + step;
    } else {
        detector->score = present;
        detector->has_score = true;
    }
    result->score = detector->score;
    result->state = safe_verdict_take(&detector->verdict, detector->score, result->limit);
    if (result->state != SAFE_DETECTOR_OK && largest != SAFE_DETECTOR_FORMS) {
        const safe_detector_form_t *form = &detector->config->forms[largest];

        (void)safe_quadratic_top(form->factor, detector->kept, form->count, form->channels,
                                 result->top, SAFE_DETECTOR_TOP);
    }
}

/** The raised state is normal: instead of the old one, or beside it. */
static void start_anew(safe_detector_t *detector, uint8_t event)
{
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        if (event == SAFE_DETECTOR_CHANGED) {
            safe_tracker_keep(&detector->trackers[i]);
            safe_tracker_adopt(&detector->trackers[i]);
        } else {
            const float *values = values_of(detector, i);

            if (values != NULL) {
                safe_tracker_move(&detector->trackers[i], values, detector->sensors.is_masked);
            }
        }
    }
    if (event == SAFE_DETECTOR_CHANGED) {
        safe_verdict_believe(&detector->verdict, detector->config->baseline.learn_samples);
    }
    safe_verdict_lower(&detector->verdict);
    detector->score = 0.0f;
    detector->has_score = false;
    detector->was_raised = false;
    safe_detector_drop_blocks(detector);
}

static void end_block(safe_tracker_t *tracker, safe_block_end_t end)
{
    if (end == SAFE_BLOCK_IS_BAD) {
        safe_tracker_drop(tracker);
        return;
    }
    if (end == SAFE_BLOCK_ADOPTS) {
        safe_tracker_adopt(tracker);
    }
    safe_tracker_turn(tracker, end == SAFE_BLOCK_COMMITS);
}

static void turn_blocks(safe_detector_t *detector, safe_detector_result_t *result)
{
    safe_block_end_t end = safe_blocks_add(&detector->blocks, result->score, result->limit);

    if (end == SAFE_BLOCK_GOES_ON) {
        return;
    }
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        end_block(&detector->trackers[i], end);
    }
    if (end == SAFE_BLOCK_ADOPTS) {
        result->event = SAFE_DETECTOR_CHANGED;
    }
}

/** A state is raised from this row on, or was until now: the blocks begin anew. What was brief
 * waits for one of them. */
static void change_state(safe_detector_t *detector)
{
    detector->was_raised = !detector->was_raised;
    if (detector->was_raised || !safe_verdict_was_brief(&detector->verdict)) {
        safe_detector_drop_blocks(detector);
        return;
    }
    safe_blocks_keep(&detector->blocks);
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        safe_tracker_keep(&detector->trackers[i]);
    }
}

/** Collects the present row: for the blocks, or of the raised state. */
static void collect(safe_detector_t *detector, size_t form, const float *values)
{
    safe_tracker_t *tracker = &detector->trackers[form];

    if (detector->was_raised) {
        safe_tracker_add_raised(tracker, values, detector->sensors.is_masked);
    } else {
        safe_tracker_add(tracker, values, detector->sensors.is_masked);
    }
}

/** Follows a quiet plant, or its new state. */
static void follow(safe_detector_t *detector, safe_detector_result_t *result)
{
    if (!learns(detector)) {
        return;
    }
    if (detector->was_raised != (result->state != SAFE_DETECTOR_OK)) {
        change_state(detector);
    }
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        const float *values = values_of(detector, i);

        if (values != NULL) {
            collect(detector, i, values);
        }
    }
    result->event = safe_verdict_ending(&detector->verdict, detector->config->baseline.block_rows);
    if (result->event != 0u) {
        start_anew(detector, result->event);
    } else if (!detector->was_raised) {
        turn_blocks(detector, result);
    }
}

/** Before the first learned row: the mean of the samples so far. */
static void settle(safe_detector_t *detector)
{
    if (is_learning(detector) && detector->learned == 0u) {
        detector->progress++;
        safe_tracker_prime(&detector->trackers[SAFE_DETECTOR_LEVEL], detector->deviation,
                           detector->progress);
    }
}

static void learn(safe_detector_t *detector, safe_detector_result_t *result)
{
    const safe_detector_config_t *config = detector->config;

    if (detector->progress < config->baseline.settle_samples && detector->learned == 0u) {
        settle(detector);
        return;
    }
    detector->learned++;
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        const float *values = values_of(detector, i);

        if (values != NULL) {
            safe_tracker_learn(&detector->trackers[i], values, detector->sensors.is_masked);
        }
    }
    if (is_learning(detector)) {
        return;
    }
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        safe_tracker_finish(&detector->trackers[i], learn_rows(detector),
                            i == SAFE_DETECTOR_LEVEL ? detector->sensors.is_unlearned : NULL);
    }
    safe_sensors_refresh(&detector->sensors);
    safe_verdict_believe(&detector->verdict, config->baseline.learn_samples);
    for (size_t k = 0; k < config->drift_count; k++) {
        size_t c = config->drift_channels[k];

        detector->slow[k] = detector->trackers[SAFE_DETECTOR_LEVEL].mean[c];
        detector->slow_start[k] = detector->slow[k];
    }
    result->event = SAFE_DETECTOR_LEARNED;
}

/** Follows the watched channels slowly; names the first one that is too far from its start. */
static void watch_drift(safe_detector_t *detector, safe_detector_result_t *result)
{
    const safe_detector_config_t *config = detector->config;

    for (size_t k = 0; k < config->drift_count; k++) {
        uint16_t c = config->drift_channels[k];
        float far;

        if (result->state == SAFE_DETECTOR_OK && !detector->sensors.is_bad[c]) {
            float change = detector->deviation[c] - detector->slow[k];
            float step = config->drift_alpha * change;

            detector->slow[k] = detector->slow[k] + step;
        }
        far = detector->slow[k] - detector->slow_start[k];
        if ((far > config->drift_limit[k] || -far > config->drift_limit[k]) &&
            result->drift == SAFE_DETECTOR_NO_CHANNEL) {
            result->drift = c;
        }
    }
}

void safe_detector_score(safe_detector_t *detector, safe_detector_result_t *result)
{
    if (!is_ready(detector)) {
        settle(detector);
        return;
    }
    if (is_degraded(detector)) {
        result->state = SAFE_DETECTOR_DEGRADED;
        safe_detector_drop_blocks(detector);
        return;
    }
    if (is_learning(detector)) {
        result->state = SAFE_DETECTOR_LEARN;
        learn(detector, result);
        return;
    }
    judge(detector, result);
    follow(detector, result);
    watch_drift(detector, result);
}
