/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/detector.h"

#include "safe/compiler.h"
#include "safe/detector_check.h"
#include "safe/exact_float.h"
#include "safe/quadratic.h"
#include "safe/scaler.h"

/** Channels whose level is watched: all, or with inputs of their own scale those that are scored.
 */
static uint16_t tracked_count(const safe_detector_config_t *config)
{
    return config->input_gain != NULL ? config->channels : config->level.count;
}

/** Deals out the caller's floats; their number was checked. */
static void bind_floats(safe_detector_t *detector, float *floats)
{
    const safe_detector_config_t *config = detector->config;
    size_t channels = config->channels;
    size_t tracked = tracked_count(config);
    size_t residuals = config->residual.count;

    detector->levels = (safe_rows_t){floats, config->rows, (uint16_t)tracked, 0, 0};
    floats += config->rows * tracked;
    detector->residuals = (safe_rows_t){floats, config->rows, config->residual.count, 0, 0};
    floats += config->rows * residuals;
    detector->baseline = (safe_baseline_t){
        .config = &config->baseline,
        .tracked = (uint16_t)tracked,
        .residuals = config->residual.count,
        .mean = floats,
        .inv_level = floats + tracked,
        .squares = floats + 2u * tracked,
        .inv_residual = floats + 3u * tracked,
        .residual_squares = floats + 3u * tracked + residuals,
    };
    floats += 3u * tracked + 2u * residuals;
    detector->level_mean = floats;
    detector->level_feature = floats + tracked;
    floats += 2u * tracked;
    detector->residual_mean = floats;
    detector->residual_feature = floats + residuals;
    floats += 2u * residuals;
    detector->input = floats;
    detector->scratch = floats + channels;
}

safe_status_t safe_detector_init(safe_detector_t *detector, const safe_detector_config_t *config,
                                 const safe_context_t *context,
                                 const safe_detector_memory_t *memory)
{
    uint16_t window;

    if (detector == NULL || config == NULL || context == NULL || context->model == NULL ||
        memory == NULL || memory->window == NULL || memory->horizon == NULL ||
        memory->floats == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    /* A streaming model keeps the past in its arena: here one sample is on its way. */
    window = context->model->stream == NULL ? config->window : 1u;
    if (!safe_detector_config_is_usable(config, context->model) ||
        memory->window_bytes < (size_t)window * config->channels ||
        memory->horizon_words < (size_t)config->horizon * config->channels ||
        memory->float_count < SAFE_DETECTOR_FLOATS((size_t)config->channels, (size_t)config->rows,
                                                   (size_t)tracked_count(config),
                                                   (size_t)config->residual.count)) {
        return SAFE_STATUS_ARGUMENT;
    }
    detector->config = config;
    detector->context = *context;
    detector->window = (safe_window_t){memory->window, window, config->channels, 0, 0};
    detector->horizon = (safe_horizon_t){memory->horizon, config->horizon, config->channels, 0};
    bind_floats(detector, memory->floats);
    return safe_detector_reset(detector);
}

safe_status_t safe_detector_reset(safe_detector_t *detector)
{
    safe_baseline_forget(&detector->baseline);
    return safe_detector_gap(detector);
}

/* Seldom needed, from three places: one copy of it, outside of the step. */
SAFE_NOINLINE safe_status_t safe_detector_gap(safe_detector_t *detector)
{
    safe_window_clear(&detector->window);
    safe_horizon_clear(&detector->horizon);
    safe_rows_clear(&detector->levels);
    safe_rows_clear(&detector->residuals);
    detector->samples = 0;
    detector->alarms = 0;
    detector->score = 0.0f;
    detector->has_score = false;
    /* A model of whole windows is reset before each of them. */
    return detector->context.model->stream == NULL ? SAFE_STATUS_OK
                                                   : safe_context_reset(&detector->context);
}

/** Standardizes a sample into the input, and the tracked channels into the level ring. @return
 * these, [tracked]. */
static const float *take_level(safe_detector_t *detector, const float *sample)
{
    const safe_detector_config_t *config = detector->config;
    float *levels = safe_rows_push(&detector->levels);

    for (size_t c = 0; c < config->channels; c++) {
        float z = safe_scaler_standardize(sample[c], config->mean[c], config->inv_std[c]);

        detector->input[c] = safe_scaler_clamp(z, config->score_limit);
    }
    for (size_t k = 0; k < detector->baseline.tracked; k++) {
        size_t c = config->input_gain != NULL ? k : config->level.channels[k];

        levels[k] = detector->input[c];
    }
    return levels;
}

/** Makes the model input relative to the baseline where the model wants that. */
static void make_input(safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;
    const safe_baseline_t *baseline = &detector->baseline;

    if (config->input_gain == NULL) {
        return;
    }
    for (size_t c = 0; c < config->channels; c++) {
        float centred = detector->input[c] - baseline->mean[c];
        float scaled = centred * baseline->inv_level[c];
        float gained = scaled * config->input_gain[c];

        detector->input[c] = safe_scaler_clamp(gained, config->score_limit);
    }
}

/** Puts input minus the mean of its `horizon` forecasts into the residual ring. */
static void take_residual(safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;
    const int32_t *sums = safe_horizon_sums(&detector->horizon);
    int32_t zero = (int32_t)config->horizon * config->output_zero_point;
    float *residuals = safe_rows_push(&detector->residuals);

    for (size_t k = 0; k < config->residual.count; k++) {
        size_t c = config->residual.channels[k];
        /* |sum - zero| <= 65535 * 255 < 2^24: the conversion is exact. */
        float forecast = (float)(sums[c] - zero) * config->forecast_scale;

        residuals[k] = detector->input[c] - forecast;
    }
}

/** Statistic of the level; level_mean is new. */
static float level_statistic(safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;
    const safe_baseline_t *baseline = &detector->baseline;

    for (size_t k = 0; k < config->level.count; k++) {
        size_t c = config->input_gain != NULL ? config->level.channels[k] : k;
        float centred = detector->level_mean[c] - baseline->mean[c];
        float scaled = centred * baseline->inv_level[c];

        detector->level_feature[k] = safe_scaler_clamp(scaled, config->feature_limit);
    }
    return safe_quadratic(config->level.factor, detector->level_feature, config->level.count);
}

/** Statistic of the residual; residual_mean is new. */
static float residual_statistic(safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;

    for (size_t k = 0; k < config->residual.count; k++) {
        float scaled = detector->residual_mean[k] * detector->baseline.inv_residual[k];

        detector->residual_feature[k] = safe_scaler_clamp(scaled, config->feature_limit);
    }
    return safe_quadratic(config->residual.factor, detector->residual_feature,
                          config->residual.count);
}

/** Smooths the larger statistic. @return what it means. */
static safe_detector_state_t judge(safe_detector_t *detector, float level, float residual)
{
    const safe_detector_config_t *config = detector->config;
    float present = level >= residual ? level : residual;

    if (detector->has_score) {
        float change = present - detector->score;
        float step = config->alpha * change;

        detector->score = detector->score + step;
    } else {
        detector->score = present;
        detector->has_score = true;
    }
    if (safe_baseline_is_learning(&detector->baseline)) {
        return SAFE_DETECTOR_LEARN;
    }
    return detector->score > config->threshold ? SAFE_DETECTOR_ALARM : SAFE_DETECTOR_OK;
}

/** Names the channels behind the larger statistic. */
static void name_channels(safe_detector_t *detector, safe_detector_result_t *result)
{
    bool by_level = result->level >= result->residual;
    const safe_detector_config_t *config = detector->config;
    const safe_detector_form_t *form = by_level ? &config->level : &config->residual;
    const float *feature = by_level ? detector->level_feature : detector->residual_feature;

    (void)safe_quadratic_top(form->factor, feature, form->count, detector->scratch, form->channels,
                             result->top, SAFE_DETECTOR_TOP);
}

/** Computes both statistics, the score and the state; learns or follows the baseline. */
static void score_sample(safe_detector_t *detector, safe_detector_result_t *result)
{
    const safe_detector_config_t *config = detector->config;
    bool has_level = safe_rows_are_full(&detector->levels);
    bool has_residual = safe_rows_are_full(&detector->residuals);

    if (has_level) {
        safe_rows_mean(&detector->levels, detector->level_mean);
        result->level = level_statistic(detector);
    }
    if (has_residual) {
        safe_rows_mean(&detector->residuals, detector->residual_mean);
        result->residual = residual_statistic(detector);
    }
    if ((has_level && config->level.count != 0u) ||
        (has_residual && config->residual.count != 0u)) {
        result->state = judge(detector, result->level, result->residual);
    }
    result->score = detector->score;
    if (result->state == SAFE_DETECTOR_ALARM) {
        name_channels(detector, result);
    }
    if (!has_level) {
        return;
    }
    if (safe_baseline_is_learning(&detector->baseline)) {
        safe_baseline_learn(&detector->baseline, detector->level_mean,
                            has_residual ? detector->residual_mean : NULL);
    } else if (detector->has_score && detector->score <= config->quiet) {
        safe_baseline_track(&detector->baseline, detector->level_mean);
    }
}

/** Gives the model, or the ring of its window, the present sample.
 * @param is_full Whether the model has a whole window. */
static safe_status_t push_input(safe_detector_t *detector, bool *is_full)
{
    safe_status_t status = SAFE_STATUS_OK;
    const safe_detector_config_t *config = detector->config;
    int8_t *slot = safe_window_push(&detector->window);

    for (size_t c = 0; c < config->channels; c++) {
        slot[c] = safe_scaler_quantize(detector->input[c], config->clip, config->input_inv_scale,
                                       config->input_zero_point);
    }
    *is_full = safe_window_is_full(&detector->window);
    if (detector->context.model->stream != NULL) {
        status = safe_stream_push(&detector->context, slot, config->channels);
        *is_full = safe_stream_is_ready(&detector->context);
    }
    return status;
}

static safe_status_t run_window(safe_detector_t *detector)
{
    int8_t *input = safe_context_input(&detector->context, 0);
    safe_status_t status = safe_context_reset(&detector->context);

    if (status == SAFE_STATUS_OK) {
        safe_window_copy(&detector->window, input);
        status = safe_context_invoke(&detector->context);
    }
    return status;
}

static safe_status_t run_model(safe_detector_t *detector)
{
    const int8_t *output = safe_context_output(&detector->context, 0);
    safe_status_t status = detector->context.model->stream == NULL
                               ? run_window(detector)
                               : safe_stream_invoke(&detector->context);

    if (status == SAFE_STATUS_OK) {
        safe_horizon_add(&detector->horizon, output);
    }
    return status;
}

/** Names the channels that are not finite. @return whether there are any. */
static bool find_fault(const float *sample, size_t channels, safe_detector_result_t *result)
{
    size_t found = 0;

    for (size_t c = 0; c < channels; c++) {
        if (safe_scaler_is_finite(sample[c])) {
            continue;
        }
        if (found < SAFE_DETECTOR_TOP) {
            result->top[found] = (uint16_t)c;
        }
        found++;
    }
    return found != 0u;
}

/** Counts the sample. @return whether the alarm has lasted so long that it is the new normal. */
static bool count_sample(safe_detector_t *detector, safe_detector_state_t state)
{
    uint32_t limit = detector->config->relearn_samples;

    if (detector->samples < UINT32_MAX) { /* At 1 Hz 136 years; then it stays. */
        detector->samples++;
    }
    if (state != SAFE_DETECTOR_ALARM) {
        detector->alarms = 0;
    } else if (detector->alarms < UINT32_MAX) {
        detector->alarms++;
    }
    return limit != 0u && detector->alarms >= limit;
}

/* Kept whole, even by an optimization at link time: its instructions are counted. */
SAFE_NOINLINE safe_status_t safe_detector_step(safe_detector_t *detector, const float *sample,
                                               size_t channels, safe_detector_result_t *result)
{
    const safe_detector_config_t *config;
    const float *levels;
    bool is_full = false;
    safe_status_t status = SAFE_STATUS_OK;
    safe_status_t forgotten = SAFE_STATUS_OK;

    if (detector == NULL || sample == NULL || result == NULL ||
        channels != detector->config->channels) {
        return SAFE_STATUS_ARGUMENT;
    }
    config = detector->config;
    *result = (safe_detector_result_t){.index = detector->samples, .state = SAFE_DETECTOR_WARMUP};
    for (size_t i = 0; i < SAFE_DETECTOR_TOP; i++) {
        result->top[i] = SAFE_DETECTOR_NO_CHANNEL;
    }
    if (find_fault(sample, channels, result)) {
        status = safe_detector_gap(detector);
        result->index = 0;
        result->state = SAFE_DETECTOR_FAULT;
        return status == SAFE_STATUS_OK ? SAFE_STATUS_NOT_FINITE : status;
    }
    levels = take_level(detector, sample);
    safe_baseline_prime(&detector->baseline, levels, detector->samples);
    make_input(detector);
    if (detector->samples >= (uint32_t)config->window + config->horizon - 1u) {
        take_residual(detector);
    }
    score_sample(detector, result);
    safe_horizon_advance(&detector->horizon);
    status = push_input(detector, &is_full);
    if (status == SAFE_STATUS_OK && is_full) {
        status = run_model(detector);
        result->has_forecast = status == SAFE_STATUS_OK;
    }
    if (count_sample(detector, result->state)) {
        forgotten = safe_detector_reset(detector);
    } else if (status != SAFE_STATUS_OK) {
        /* A forecast is missing, and sums without it give wrong residuals: start anew. */
        forgotten = safe_detector_gap(detector);
    }
    return status == SAFE_STATUS_OK ? forgotten : status;
}
