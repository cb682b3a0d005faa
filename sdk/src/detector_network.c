/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/detector_network.h"

#include "safe/exact_float.h"
#include "safe/model.h"
#include "safe/stream.h"
#include "safe/window.h"
#include "scaler_internal.h"

/** Bound of a forecast in standard deviations: its square then fits any sum. */
#define MOST_FORECAST 1e9f
#define INT8_STEPS 255.0f

static bool is_streaming(const safe_model_t *model)
{
    return model->stream != NULL;
}

static bool tensor_fits(const safe_tensor_info_t *tensor, size_t elements, int32_t zero_point)
{
    return tensor->dtype == SAFE_DTYPE_INT8 && tensor->size_bytes == elements &&
           tensor->zero_point == zero_point && zero_point >= INT8_MIN && zero_point <= INT8_MAX;
}

static bool edges_are_usable(const safe_detector_config_t *config)
{
    float steps = config->clip * config->input_inv_scale;
    float forecast = config->forecast_scale * (float)config->horizon * INT8_STEPS;

    return config->clip >= 0.0f && config->clip <= SAFE_SCALER_MAX_STEPS &&
           config->input_inv_scale > 0.0f && steps < SAFE_SCALER_MAX_STEPS && forecast >= 0.0f &&
           forecast <= MOST_FORECAST;
}

static bool fits(const safe_detector_config_t *config, const safe_model_t *model)
{
    size_t inputs = (size_t)config->window * config->channels;
    size_t outputs = (size_t)config->horizon * config->channels;

    return model->input_count == 1u && model->output_count == 1u && inputs != 0u && outputs != 0u &&
           tensor_fits(&model->inputs[0], inputs, config->input_zero_point) &&
           tensor_fits(&model->outputs[0], outputs, config->output_zero_point) &&
           edges_are_usable(config);
}

static bool bind(safe_detector_t *detector, const safe_detector_memory_t *memory)
{
    const safe_detector_config_t *config = detector->config;
    size_t channels = config->channels;
    /* A streaming model keeps the past in its arena: here one sample is on its way. */
    uint16_t window = is_streaming(detector->context.model) ? 1u : config->window;

    if (memory->window == NULL || memory->horizon == NULL ||
        memory->window_bytes < (size_t)window * channels ||
        memory->horizon_words < (size_t)config->horizon * channels) {
        return false;
    }
    detector->window = (safe_window_t){memory->window, window, config->channels, 0, 0};
    detector->horizon = (safe_horizon_t){memory->horizon, config->horizon, config->channels, 0};
    return true;
}

static safe_status_t reset(safe_detector_t *detector)
{
    safe_window_clear(&detector->window);
    safe_horizon_clear(&detector->horizon);
    /* A model of whole windows is reset before each of them. */
    return is_streaming(detector->context.model) ? safe_context_reset(&detector->context)
                                                 : SAFE_STATUS_OK;
}

static void forecast(const safe_detector_t *detector, float *values)
{
    const safe_detector_config_t *config = detector->config;
    const int32_t *sums = safe_horizon_sums(&detector->horizon);
    int32_t zero = (int32_t)config->horizon * config->output_zero_point;
    float scale = config->forecast_scale;

    for (size_t c = 0; c < config->channels; c++) {
        /* |sum - zero| <= 65535 * 255 < 2^24: the conversion is exact. */
        values[c] = (float)(sums[c] - zero) * scale;
    }
}

static bool has_forecasts(const safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;

    return detector->samples >= (uint32_t)config->window + config->horizon - 1u;
}

/** Makes the model input, relative to the baseline.
 * @param expected [channels] stands for what is bad; null while there is none. */
static void make_input(safe_detector_t *detector, const float *expected)
{
    const safe_detector_config_t *config = detector->config;
    const float *mean = detector->trackers[SAFE_DETECTOR_LEVEL].mean;
    const float *deviation = detector->deviation;
    const bool *is_bad = detector->sensors.is_bad;
    float *input = detector->input;
    float limit = config->score_limit;

    for (size_t c = 0; c < config->channels; c++) {
        float centred = deviation[c];

        if (mean != NULL) {
            centred = centred - mean[c];
        }
        if (expected != NULL && is_bad[c]) {
            centred = expected[c];
        }
        input[c] = safe_clamped(centred, limit);
    }
}

/** The residual follows the error of the forecasts. @param expected [channels]. */
static void take_residual(safe_detector_t *detector, const float *expected)
{
    const safe_detector_form_t *form = &detector->config->forms[SAFE_DETECTOR_RESIDUAL];
    const uint16_t *channels = form->channels;
    const float *input = detector->input;
    const bool *is_bad = detector->sensors.is_bad;
    float *smooth = detector->error;
    float alpha = detector->config->residual_alpha;

    for (size_t k = 0; k < form->count; k++) {
        size_t c = channels[k];
        float error = is_bad[c] ? 0.0f : input[c] - expected[c];
        float change = error - smooth[k];
        float step = alpha * change;

        smooth[k] = smooth[k] + step;
    }
    detector->has_error = true;
}

static void take(safe_detector_t *detector)
{
    float *values = NULL;

    if (has_forecasts(detector)) {
        values = detector->feature; /* scratch of the judgement, which comes later */
        forecast(detector, values);
    }
    make_input(detector, values);
    if (values != NULL) {
        take_residual(detector, values);
    }
}

static void bridge(safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;

    if (has_forecasts(detector)) {
        forecast(detector, detector->input);
        for (size_t c = 0; c < config->channels; c++) {
            detector->input[c] = safe_clamped(detector->input[c], config->score_limit);
        }
    }
}

/** Gives the model, or the ring of its window, the present input.
 * @param is_full Whether the model has a whole window. */
static safe_status_t push_input(safe_detector_t *detector, bool *is_full)
{
    safe_status_t status = SAFE_STATUS_OK;
    const safe_detector_config_t *config = detector->config;
    int8_t *slot = safe_window_push(&detector->window);
    const float *input = detector->input;
    size_t channels = config->channels;
    float clip = config->clip;
    float inv_scale = config->input_inv_scale;
    int32_t zero_point = config->input_zero_point;

    for (size_t c = 0; c < channels; c++) {
        slot[c] = safe_quantized(input[c], clip, inv_scale, zero_point);
    }
    *is_full = safe_window_is_full(&detector->window);
    if (is_streaming(detector->context.model)) {
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
    safe_status_t status = is_streaming(detector->context.model)
                               ? safe_stream_invoke(&detector->context)
                               : run_window(detector);

    if (status == SAFE_STATUS_OK) {
        safe_horizon_add(&detector->horizon, output);
    }
    return status;
}

static safe_status_t look_ahead(safe_detector_t *detector, bool *has_forecast)
{
    bool is_full = false;
    safe_status_t status;

    safe_horizon_advance(&detector->horizon);
    status = push_input(detector, &is_full);
    if (status == SAFE_STATUS_OK && is_full) {
        status = run_model(detector);
        *has_forecast = status == SAFE_STATUS_OK;
    }
    return status;
}

const safe_detector_network_t safe_detector_network = {
    .fits = fits,
    .bind = bind,
    .reset = reset,
    .take = take,
    .bridge = bridge,
    .look_ahead = look_ahead,
    .output = safe_context_output,
};
