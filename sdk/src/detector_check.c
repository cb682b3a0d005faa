/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/detector_check.h"

#include "safe/exact_float.h"
#include "safe/quadratic.h"
#include "safe/scaler.h"

#define MAX_ROWS 1024u
#define MAX_FORM 1e15f
#define LEAST_VARIANCE 1e-20f
#define MOST_VARIANCE 1e12f
#define MOST 1e6f
/** Bound of a forecast in standard deviations: its square then fits any sum. */
#define MOST_FORECAST 1e9f
#define INT8_STEPS 255.0f

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

static bool form_is_usable(const safe_detector_form_t *form, uint16_t channels, float limit)
{
    if (form->count == 0u) {
        return true;
    }
    if (form->count > channels || form->channels == NULL || form->factor == NULL) {
        return false;
    }
    for (size_t i = 0; i < form->count; i++) {
        bool ascends = i == 0u || form->channels[i] > form->channels[i - 1u];

        if (!ascends || form->channels[i] >= channels) {
            return false;
        }
    }
    return safe_quadratic_bound(form->factor, form->count, limit) <= MAX_FORM;
}

static bool scaler_is_usable(const safe_detector_config_t *config)
{
    float steps = config->clip * config->input_inv_scale;
    float forecast = config->forecast_scale * (float)config->horizon * INT8_STEPS;

    if (config->mean == NULL || config->inv_std == NULL ||
        !lies(config->clip, 0.0f, SAFE_SCALER_MAX_STEPS) ||
        !lies(config->score_limit, 0.0f, MOST) || !(config->input_inv_scale > 0.0f) ||
        !(steps < SAFE_SCALER_MAX_STEPS) || !lies(forecast, 0.0f, MOST_FORECAST)) {
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

static bool baseline_is_usable(const safe_detector_config_t *config)
{
    const safe_baseline_config_t *baseline = &config->baseline;
    size_t residuals = config->residual.count;
    size_t tracked = config->input_gain != NULL ? config->channels : config->level.count;

    if ((tracked != 0u && baseline->prior_level == NULL) ||
        (residuals != 0u && baseline->prior_residual == NULL)) {
        return false;
    }
    return lies(baseline->prior_rows, 1.0f, MOST) && baseline->track >= 0.0f &&
           baseline->track < 1.0f &&
           all_lie(baseline->prior_level, tracked, LEAST_VARIANCE, MOST_VARIANCE) &&
           all_lie(baseline->prior_residual, residuals, LEAST_VARIANCE, MOST_VARIANCE);
}

static bool statistics_are_usable(const safe_detector_config_t *config)
{
    bool any = config->level.count != 0u || config->residual.count != 0u;
    bool gains = true;

    for (size_t c = 0; config->input_gain != NULL && c < config->channels; c++) {
        gains = gains && config->input_gain[c] > 0.0f && config->input_gain[c] <= MOST;
    }
    return any && gains && config->rows >= 1u && config->rows <= MAX_ROWS &&
           config->feature_limit > 0.0f && config->feature_limit <= MOST &&
           form_is_usable(&config->level, config->channels, config->feature_limit) &&
           form_is_usable(&config->residual, config->channels, config->feature_limit) &&
           config->alpha > 0.0f && config->alpha <= 1.0f &&
           safe_scaler_is_finite(config->threshold) && safe_scaler_is_finite(config->quiet);
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

bool safe_detector_config_is_usable(const safe_detector_config_t *config, const safe_model_t *model)
{
    return model_fits(config, model) && scaler_is_usable(config) && statistics_are_usable(config) &&
           baseline_is_usable(config);
}
