/* SPDX-License-Identifier: Apache-2.0 */
/* A hand-written model for tests of everything around a model; its twin is tiny.py.
 * output[h][c] = low byte of (sum over w of (w + 1) * input[w][c]) * (h + 3) + 7 * c.
 * Output overlaps input, as a memory planner may do. */
#include <stdint.h>
#include <string.h>

#include "safe/app.h"
#include "safe/detector_network.h"

#ifndef TINY_WINDOW
#define TINY_WINDOW 4
#endif
#ifndef TINY_CHANNELS
#define TINY_CHANNELS 3
#endif
#ifndef TINY_HORIZON
#define TINY_HORIZON 2
#endif
#ifndef TINY_SHA
#define TINY_SHA 0xA5
#endif
#define MAX_CHANNELS 16u
#define MAX_ROWS 16u
#define MAX_FACTOR (MAX_CHANNELS * (MAX_CHANNELS + 1u) / 2u)
#define INPUTS (TINY_WINDOW * TINY_CHANNELS)
#define OUTPUTS (TINY_HORIZON * TINY_CHANNELS)
#define ARENA (INPUTS > OUTPUTS ? INPUTS : OUTPUTS)

static uint8_t arena[ARENA] __attribute__((aligned(SAFE_ARENA_ALIGNMENT)));
static int8_t window_ring[INPUTS];
static int32_t horizon_ring[OUTPUTS];
static float
    floats[SAFE_DETECTOR_FLOATS(MAX_CHANNELS, MAX_ROWS, MAX_CHANNELS, MAX_CHANNELS, MAX_CHANNELS,
                                MAX_CHANNELS, SAFE_DETECTOR_MOST_MASKED, MAX_CHANNELS, true)];
static uint16_t counts[SAFE_DETECTOR_COUNTS(MAX_CHANNELS)];
static bool flags[SAFE_DETECTOR_FLAGS(MAX_CHANNELS)];

static safe_status_t reset(uint8_t *memory)
{
    (void)memory;
    return SAFE_STATUS_OK;
}

static safe_status_t invoke(uint8_t *memory)
{
    int32_t sums[TINY_CHANNELS];

    for (int c = 0; c < TINY_CHANNELS; c++) {
        sums[c] = 0;
        for (int w = 0; w < TINY_WINDOW; w++) {
            sums[c] += (w + 1) * (int8_t)memory[w * TINY_CHANNELS + c];
        }
    }
    for (int h = 0; h < TINY_HORIZON; h++) {
        for (int c = 0; c < TINY_CHANNELS; c++) {
            memory[h * TINY_CHANNELS + c] = (uint8_t)((sums[c] * (h + 3) + 7 * c) & 0xFF);
        }
    }
    return SAFE_STATUS_OK;
}

static const safe_tensor_info_t input = {
    "input", SAFE_DTYPE_INT8, 3, {1, TINY_WINDOW, TINY_CHANNELS}, INPUTS, 0, 0.0625f, -3};
static const safe_tensor_info_t output = {
    "output", SAFE_DTYPE_INT8, 3, {1, TINY_HORIZON, TINY_CHANNELS}, OUTPUTS, 0, 0.05f, 5};
static const safe_model_t model = {
    .abi = SAFE_MODEL_ABI,
    .name = "tiny",
    .sha256 = {TINY_SHA, 1, 2, 3},
    .arena_bytes = ARENA,
    .input_count = 1,
    .output_count = 1,
    .operator_count = 1,
    .inputs = &input,
    .outputs = &output,
    .reset = reset,
    .invoke = invoke,
};

static const float mean[MAX_CHANNELS] = {1.5f, -20.0f, 300.25f, 0.1f, 0.2f, 0.3f, 4.0f, 5.0f,
                                         6.0f, 7.0f,   8.0f,    9.0f, 1.0f, 2.0f, 3.0f, 0.7f};
static const float inv_std[MAX_CHANNELS] = {0.3f, 1.7f, 0.011f, 3.0f, 1.1f, 1.2f, 1.3f, 1.4f,
                                            1.5f, 1.6f, 1.7f,   1.8f, 1.9f, 2.1f, 2.2f, 2.3f};
static float prior_level[MAX_CHANNELS];
static float prior_other[MAX_CHANNELS];
static float innovation_alpha[MAX_CHANNELS];
static float low[MAX_CHANNELS];
static float high[MAX_CHANNELS];
static float stuck_band[MAX_CHANNELS];
static uint16_t stuck_samples[MAX_CHANNELS];
static uint16_t channels[SAFE_DETECTOR_FORMS][MAX_CHANNELS];
static float factors[SAFE_DETECTOR_FORMS][MAX_FACTOR];
static const uint16_t drift_channels[] = {0};
static const float drift_limit[] = {1.0f};
static safe_detector_config_t detector = {
    .network = &safe_detector_network,
    .channels = TINY_CHANNELS,
    .window = TINY_WINDOW,
    .horizon = TINY_HORIZON,
    .rows = 4,
    .mean = mean,
    .inv_std = inv_std,
    .clip = 8.0f,
    .score_limit = 64.0f,
    .input_inv_scale = 16.0f,
    .input_zero_point = -3,
    .forecast_scale = 0.05f / TINY_HORIZON,
    .output_zero_point = 5,
    .sensors = {.low = low,
                .high = high,
                .stuck_band = stuck_band,
                .stuck_samples = stuck_samples,
                .max_masked = TINY_CHANNELS > 2 ? 2 : TINY_CHANNELS - 1,
                .return_samples = 7,
                .max_missed = 3},
    .baseline = {.learn_samples = 40,
                 .settle_samples = 12,
                 .prior_rows = 10.0f,
                 .block_rows = 6,
                 .mean_step = 0.25f,
                 .spread_step = 0.125f,
                 .growth = 4.0f,
                 .peak = 8.0f},
    .forms = {{.channels = channels[0], .factor = factors[0], .prior = prior_level},
              {.channels = channels[1], .factor = factors[1], .prior = prior_level},
              {.channels = channels[2], .factor = factors[2], .prior = prior_other},
              {.channels = channels[3], .factor = factors[3], .prior = prior_other}},
    .innovation_alpha = innovation_alpha,
    .residual_alpha = 0.25f,
    .feature_limit = 32.0f,
    .alpha = 0.125f,
    .verdict = {.notice = 30.0f,
                .alarm = 60.0f,
                .hold = 0.75f,
                .confirm_rows = 2,
                .recover_share = 0.25f,
                .recover_samples = 9,
                .change_samples = 40},
    .drift_count = 1,
    .drift_channels = drift_channels,
    .drift_limit = drift_limit,
    .drift_alpha = 0.0625f,
    .period_us = 250000,
    .stale_samples = 4,
};
static const safe_app_model_t app = {
    .model = &model,
    .bind = safe_context_init,
    .detector = &detector,
    .arena = arena,
    .arena_bytes = sizeof arena,
    .memory = {.window = window_ring,
               .window_bytes = sizeof window_ring,
               .horizon = horizon_ring,
               .horizon_words = OUTPUTS,
               .floats = floats,
               .float_count = sizeof floats / sizeof floats[0],
               .counts = counts,
               .count_count = sizeof counts / sizeof counts[0],
               .flags = flags,
               .flag_count = sizeof flags / sizeof flags[0]},
};

/** Scores the channels below `below` that are not `left_out` modulo `modulus`. */
static void fill_form(size_t form, int below, int modulus, int left_out)
{
    float *factor = factors[form];

    detector.forms[form].count = 0;
    for (int c = 0; c < below; c++) {
        if (c % modulus != left_out) {
            channels[form][detector.forms[form].count++] = (uint16_t)c;
        }
    }
    for (int i = 0; i < (int)detector.forms[form].count; i++) {
        for (int j = 0; j <= i; j++) {
            *factor++ = i == j ? 1.5f : 0.25f * (float)((i + j) % 3 - 1);
        }
    }
}

const safe_app_model_t *safe_app_model(void)
{
    for (int c = 0; c < TINY_CHANNELS; c++) {
        prior_level[c] = 0.5f + 0.25f * (float)(c % 3);
        prior_other[c] = 2.0f + 0.5f * (float)(c % 2);
        innovation_alpha[c] = 0.25f + 0.25f * (float)(c % 2);
        low[c] = -1e30f;
        high[c] = 1e31f;
        stuck_band[c] = c % 4 == 0 ? 0.5f : 0.0f;
        stuck_samples[c] = c % 2 == 0 ? 5 : 0;
    }
    fill_form(SAFE_DETECTOR_LEVEL, TINY_CHANNELS, 3, 1);
    fill_form(SAFE_DETECTOR_MEDIAN, 1, 1, 1);
    fill_form(SAFE_DETECTOR_INNOVATION, TINY_CHANNELS, 1, 1);
    fill_form(SAFE_DETECTOR_RESIDUAL, TINY_CHANNELS, 4, 2);
    return &app;
}
