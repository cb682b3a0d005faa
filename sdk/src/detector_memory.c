/* SPDX-License-Identifier: Apache-2.0 */
/* A detector's memory: how much, and which part is whose. */
#include "safe/compiler.h"
#include "safe/detector.h"
#include "safe/detector_check.h"
#include "safe/exact_float.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/** Most features of a form. */
static size_t most_features(const safe_detector_config_t *config)
{
    size_t most = config->channels;

    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        most = larger(most, config->forms[i].count);
    }
    return most;
}

SAFE_COLD size_t safe_detector_floats(const safe_detector_config_t *config)
{
    const safe_detector_form_t *forms = config->forms;

    return SAFE_DETECTOR_FLOATS(
        (size_t)config->channels, (size_t)config->rows, (size_t)forms[SAFE_DETECTOR_MEDIAN].count,
        (size_t)forms[SAFE_DETECTOR_INNOVATION].count, (size_t)forms[SAFE_DETECTOR_RESIDUAL].count,
        (size_t)config->drift_count, (size_t)config->sensors.max_masked, most_features(config),
        config->baseline.learn_samples != 0u);
}

/** Deals out the trackers. @return the float after them. */
static float *bind_trackers(safe_detector_t *detector, float *floats)
{
    const safe_detector_config_t *config = detector->config;

    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        const safe_detector_form_t *form = &config->forms[i];
        bool is_level = i == SAFE_DETECTOR_LEVEL;

        detector->trackers[i] = (safe_tracker_t){
            .config = &config->baseline,
            .count = is_level ? config->channels : form->count,
            .channels = is_level ? NULL : form->channels,
            .prior = form->prior,
        };
        floats = safe_tracker_bind(&detector->trackers[i], i <= SAFE_DETECTOR_MEDIAN, floats);
    }
    return floats;
}

/** Deals out the caller's floats; their number was checked. */
static void bind_floats(safe_detector_t *detector, float *floats)
{
    const safe_detector_config_t *config = detector->config;
    const safe_detector_form_t *forms = config->forms;
    uint16_t channels = config->channels;
    uint16_t medians = forms[SAFE_DETECTOR_MEDIAN].count;
    uint16_t innovations = forms[SAFE_DETECTOR_INNOVATION].count;

    detector->levels = (safe_rows_t){floats, config->rows, channels, 0, 0};
    floats += (size_t)config->rows * channels;
    detector->medians = (safe_rows_t){floats, config->rows, medians, 0, 0};
    floats += (size_t)config->rows * medians;
    detector->before = floats;
    floats += 2u * (size_t)medians;
    detector->innovations = (safe_rows_t){floats, SAFE_DETECTOR_INNOVATION_ROWS, innovations, 0, 0};
    floats += SAFE_DETECTOR_INNOVATION_ROWS * (size_t)innovations;
    detector->smooth = floats;
    floats += innovations;
    detector->error = floats;
    floats += forms[SAFE_DETECTOR_RESIDUAL].count;
    detector->deviation = floats;
    detector->input = floats + channels;
    detector->sensors.last = floats + 2u * (size_t)channels;
    floats = bind_trackers(detector, floats + 3u * (size_t)channels);
    detector->feature = floats;
    detector->kept = floats + most_features(config);
    detector->columns = floats + 2u * most_features(config);
    floats += most_features(config) * (2u + (size_t)config->sensors.max_masked);
    detector->slow = floats;
    detector->slow_start = floats + config->drift_count;
}

static bool memory_suffices(const safe_detector_config_t *config,
                            const safe_detector_memory_t *memory)
{
    size_t channels = config->channels;

    return memory->floats != NULL && memory->counts != NULL && memory->flags != NULL &&
           memory->float_count >= safe_detector_floats(config) &&
           memory->count_count >= SAFE_DETECTOR_COUNTS(channels) &&
           memory->flag_count >= SAFE_DETECTOR_FLAGS(channels);
}

SAFE_COLD safe_status_t safe_detector_init(safe_detector_t *detector,
                                           const safe_detector_config_t *config,
                                           const safe_context_t *context,
                                           const safe_detector_memory_t *memory)
{
    const safe_model_t *model = context == NULL ? NULL : context->model;

    if (detector == NULL || config == NULL || memory == NULL ||
        !safe_detector_config_is_usable(config, model) || !memory_suffices(config, memory)) {
        return SAFE_STATUS_ARGUMENT;
    }
    return safe_detector_init_generated(detector, config, context, memory);
}

SAFE_COLD safe_status_t safe_detector_init_generated(safe_detector_t *detector,
                                                     const safe_detector_config_t *config,
                                                     const safe_context_t *context,
                                                     const safe_detector_memory_t *memory)
{
    detector->config = config;
    detector->context = context == NULL ? (safe_context_t){NULL, NULL} : *context;
    if (config->network != NULL && !config->network->bind(detector, memory)) {
        return SAFE_STATUS_ARGUMENT;
    }
    detector->sensors.config = &config->sensors;
    detector->sensors.channels = config->channels;
    detector->sensors.still = memory->counts;
    detector->sensors.good = memory->counts + config->channels;
    detector->sensors.is_bad = memory->flags;
    detector->sensors.returns = memory->flags + config->channels;
    detector->sensors.is_masked = memory->flags + 2u * (size_t)config->channels;
    detector->sensors.is_unlearned = memory->flags + 3u * (size_t)config->channels;
    detector->blocks.config = &config->baseline;
    detector->verdict.config = &config->verdict;
    detector->phase = 0;
    detector->has_phase = false;
    bind_floats(detector, memory->floats);
    return safe_detector_reset(detector);
}
