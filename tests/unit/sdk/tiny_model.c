/* SPDX-License-Identifier: Apache-2.0 */
/* A hand-written model for tests of everything around a model; its twin is tiny.py.
 * output[h][c] = low byte of (sum over w of (w + 1) * input[w][c]) * (h + 3) + 7 * c.
 * Output overlaps input, as a memory planner may do. */
#include <stdint.h>
#include <string.h>

#include "safe/app.h"

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
#define INPUTS (TINY_WINDOW * TINY_CHANNELS)
#define OUTPUTS (TINY_HORIZON * TINY_CHANNELS)
#define ARENA (INPUTS > OUTPUTS ? INPUTS : OUTPUTS)

static uint8_t arena[ARENA] __attribute__((aligned(SAFE_ARENA_ALIGNMENT)));
static int8_t window_ring[INPUTS];
static int32_t horizon_ring[OUTPUTS];

static void reset(uint8_t *memory)
{
    (void)memory;
}

static void invoke(uint8_t *memory)
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
}

static const safe_tensor_info_t input = {
    "input", SAFE_DTYPE_INT8, 3, {1, TINY_WINDOW, TINY_CHANNELS}, INPUTS, 0, 0.0625f, -3};
static const safe_tensor_info_t output = {
    "output", SAFE_DTYPE_INT8, 3, {1, TINY_HORIZON, TINY_CHANNELS}, OUTPUTS, 0, 0.05f, 5};
static const safe_model_t model = {
    SAFE_MODEL_ABI, "tiny", {TINY_SHA, 1, 2, 3}, ARENA, 0, 1, 1, 1, &input, &output, reset, invoke};

#define MAX_CHANNELS 16
static const float mean[MAX_CHANNELS] = {1.5f, -20.0f, 300.25f, 0.1f, 0.2f, 0.3f, 4.0f, 5.0f,
                                         6.0f, 7.0f,   8.0f,    9.0f, 1.0f, 2.0f, 3.0f, 0.7f};
static const float inv_std[MAX_CHANNELS] = {0.3f, 1.7f, 0.011f, 3.0f, 1.1f, 1.2f, 1.3f, 1.4f,
                                            1.5f, 1.6f, 1.7f,   1.8f, 1.9f, 2.1f, 2.2f, 2.3f};
static const float weight[MAX_CHANNELS] = {0.25f, 0.5f, 0.0f, 0.1f, 0.3f, 0.7f, 0.9f, 1.1f,
                                           0.25f, 0.5f, 0.0f, 0.1f, 0.3f, 0.7f, 0.9f, 1.1f};
static const safe_detector_config_t detector = {
    TINY_CHANNELS, TINY_WINDOW, TINY_HORIZON,         mean, inv_std, 8.0f, 64.0f,
    16.0f,         -3,          0.05f / TINY_HORIZON, 5,    weight,  0.1f, 9.0f};
static const safe_app_model_t app = {&model,      &detector,          arena,        sizeof arena,
                                     window_ring, sizeof window_ring, horizon_ring, OUTPUTS};

const safe_app_model_t *safe_app_model(void)
{
    return &app;
}
