/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/detector.h"

#include <float.h>

#include "safe/scaler.h"
#include "safe/window.h"

#if FLT_EVAL_METHOD != 0
#error "float expressions must be evaluated in float: use SSE on x86, not x87"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

static bool constants_are_usable(const safe_detector_config_t *config)
{
    float steps = config->clip * config->input_inv_scale;

    if (!(config->clip >= 0.0f && config->score_limit >= 0.0f && config->input_inv_scale > 0.0f) ||
        !(steps < SAFE_SCALER_MAX_STEPS) || !safe_scaler_is_finite(config->score_limit) ||
        !safe_scaler_is_finite(config->forecast_scale) ||
        !(config->alpha > 0.0f && config->alpha <= 1.0f) ||
        !safe_scaler_is_finite(config->threshold)) {
        return false;
    }
    for (size_t c = 0; c < config->channels; c++) {
        /* inv_std > 0 keeps z from becoming inf * 0 = NaN. */
        if (!safe_scaler_is_finite(config->mean[c]) || !safe_scaler_is_finite(config->weight[c]) ||
            !safe_scaler_is_finite(config->inv_std[c]) || !(config->inv_std[c] > 0.0f)) {
            return false;
        }
    }
    return true;
}

static bool tensor_fits(const safe_tensor_info_t *tensor, size_t elements, int32_t zero_point)
{
    return tensor->dtype == SAFE_DTYPE_INT8 && tensor->size_bytes == elements &&
           tensor->zero_point == zero_point && zero_point >= INT8_MIN && zero_point <= INT8_MAX;
}

static bool model_fits(const safe_detector_config_t *config, const safe_model_t *model)
{
    size_t inputs = (size_t)config->window * config->channels;
    size_t outputs = (size_t)config->horizon * config->channels;

    return model->input_count == 1u && model->output_count == 1u && inputs != 0u && outputs != 0u &&
           tensor_fits(&model->inputs[0], inputs, config->input_zero_point) &&
           tensor_fits(&model->outputs[0], outputs, config->output_zero_point);
}

safe_status_t safe_detector_init(safe_detector_t *detector, const safe_detector_config_t *config,
                                 const safe_context_t *context, int8_t *window_ring,
                                 size_t window_bytes, int32_t *horizon_ring, size_t horizon_words)
{
    if (detector == NULL || config == NULL || context == NULL || context->model == NULL ||
        window_ring == NULL || horizon_ring == NULL || config->mean == NULL ||
        config->inv_std == NULL || config->weight == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (!model_fits(config, context->model) || !constants_are_usable(config) ||
        window_bytes < (size_t)config->window * config->channels ||
        horizon_words < (size_t)config->horizon * config->channels) {
        return SAFE_STATUS_ARGUMENT;
    }
    detector->config = config;
    detector->context = *context;
    detector->window = (safe_window_t){window_ring, config->window, config->channels, 0, 0};
    detector->horizon = (safe_horizon_t){horizon_ring, config->horizon, config->channels, 0};
    safe_detector_reset(detector);
    return SAFE_STATUS_OK;
}

void safe_detector_reset(safe_detector_t *detector)
{
    safe_window_clear(&detector->window);
    safe_horizon_clear(&detector->horizon);
    detector->samples = 0;
    detector->score = 0.0f;
    detector->has_score = false;
}

/** Weighted squared residual of `sample` against the mean of its `horizon` forecasts. */
static float residual_score(const safe_detector_t *detector, const float *sample)
{
    const safe_detector_config_t *config = detector->config;
    const int32_t *sums = safe_horizon_sums(&detector->horizon);
    int32_t zero = (int32_t)config->horizon * config->output_zero_point;
    float score = 0.0f;

    for (size_t c = 0; c < config->channels; c++) {
        float z = safe_scaler_standardize(sample[c], config->mean[c], config->inv_std[c]);
        /* |sum - zero| <= 65535 * 255 < 2^24: the conversion is exact. */
        float forecast = (float)(sums[c] - zero) * config->forecast_scale;
        float residual = safe_scaler_clamp(z, config->score_limit) - forecast;
        float weighted = config->weight[c] * residual;
        float square = weighted * residual;

        score = score + square;
    }
    return score;
}

static void update_score(safe_detector_t *detector, const float *sample,
                         safe_detector_result_t *result)
{
    const safe_detector_config_t *config = detector->config;
    float present = residual_score(detector, sample);

    if (detector->has_score) {
        float change = present - detector->score;
        float step = config->alpha * change;

        detector->score = detector->score + step;
    } else {
        detector->score = present;
        detector->has_score = true;
    }
    result->residual_score = present;
    result->score = detector->score;
    result->state = detector->score > config->threshold ? SAFE_DETECTOR_ALARM : SAFE_DETECTOR_OK;
}

static void push_sample(safe_detector_t *detector, const float *sample)
{
    const safe_detector_config_t *config = detector->config;
    int8_t *slot = safe_window_push(&detector->window);

    for (size_t c = 0; c < config->channels; c++) {
        float z = safe_scaler_standardize(sample[c], config->mean[c], config->inv_std[c]);

        slot[c] = safe_scaler_quantize(z, config->clip, config->input_inv_scale,
                                       config->input_zero_point);
    }
}

static safe_status_t run_model(safe_detector_t *detector)
{
    int8_t *input = safe_context_input(&detector->context, 0);
    const int8_t *output = safe_context_output(&detector->context, 0);
    safe_status_t status;

    safe_window_copy(&detector->window, input);
    status = safe_context_reset(&detector->context);
    if (status == SAFE_STATUS_OK) {
        status = safe_context_invoke(&detector->context);
    }
    if (status == SAFE_STATUS_OK) {
        safe_horizon_add(&detector->horizon, output);
    }
    return status;
}

safe_status_t safe_detector_step(safe_detector_t *detector, const float *sample, size_t channels,
                                 safe_detector_result_t *result)
{
    const safe_detector_config_t *config;
    safe_status_t status = SAFE_STATUS_OK;

    if (detector == NULL || sample == NULL || result == NULL ||
        channels != detector->config->channels) {
        return SAFE_STATUS_ARGUMENT;
    }
    config = detector->config;
    *result = (safe_detector_result_t){detector->samples, SAFE_DETECTOR_WARMUP, 0.0f, 0.0f, false};
    for (size_t c = 0; c < channels; c++) {
        if (!safe_scaler_is_finite(sample[c])) {
            safe_detector_reset(detector);
            result->index = 0;
            return SAFE_STATUS_NOT_FINITE;
        }
    }
    if (detector->samples >= (uint32_t)config->window + config->horizon - 1u) {
        update_score(detector, sample, result);
    }
    safe_horizon_advance(&detector->horizon);
    push_sample(detector, sample);
    if (safe_window_is_full(&detector->window)) {
        status = run_model(detector);
        result->has_forecast = status == SAFE_STATUS_OK;
    }
    if (detector->samples <
        UINT32_MAX) { /* At 1 Hz 136 years; then it stays, not back to warm-up. */
        detector->samples++;
    }
    return status;
}
