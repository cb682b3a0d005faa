/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations that safe_detector_init must refuse: one field spoiled each. */
#ifndef SPOIL_H
#define SPOIL_H

#include <string.h>

#include "safe/detector.h"

static void spoil(uint32_t field, safe_detector_config_t *config, safe_detector_memory_t *memory)
{
    static float not_finite[64];
    static float infinite[64];
    static const float enormous[] = {1e9f, 0.0f, 0.0f};
    static const uint16_t descending[] = {1, 0, 2};
    static const uint16_t too_far[] = {0, 3};
    uint32_t nan_bits = 0x7FC00000u;
    uint32_t infinite_bits = 0x7F800000u;

    memcpy(&not_finite[0], &nan_bits, 4);
    for (size_t i = 0; i < 64; i++) {
        memcpy(&infinite[i], &infinite_bits, 4);
    }
    switch (field) {
    case 1:
        config->channels = 0;
        break;
    case 2:
        config->window++;
        break;
    case 3:
        config->horizon++;
        break;
    case 4:
        config->mean = not_finite;
        break;
    case 5:
        config->inv_std = &not_finite[1];
        break;
    case 6:
        config->forms[SAFE_DETECTOR_LEVEL].factor = not_finite;
        break;
    case 7:
        config->alpha = 0.0f;
        break;
    case 8:
        config->alpha = 1.5f;
        break;
    case 9:
        config->clip = not_finite[0];
        break;
    case 10:
        config->input_inv_scale = 1e9f;
        break;
    case 11:
        config->input_zero_point = 4;
        break;
    case 12:
        config->output_zero_point = 4;
        break;
    case 13:
        memory->window_bytes--;
        break;
    case 14:
        memory->horizon_words--;
        break;
    case 15:
        config->verdict.notice = not_finite[0];
        break;
    case 16:
        config->forecast_scale = not_finite[0];
        break;
    case 17:
        config->score_limit = -1.0f;
        break;
    case 18:
        config->rows = 2;
        break;
    case 19:
        config->forms[SAFE_DETECTOR_INNOVATION].channels = descending;
        break;
    case 20:
        config->forms[SAFE_DETECTOR_LEVEL].channels = too_far;
        break;
    case 21:
        config->forms[SAFE_DETECTOR_LEVEL].prior = &not_finite[1];
        break;
    case 22:
        config->forms[SAFE_DETECTOR_RESIDUAL].prior = NULL;
        break;
    case 23:
        config->baseline.mean_step = 0.0f;
        break;
    case 24:
        config->baseline.prior_rows = 0.0f;
        break;
    case 25:
        config->innovation_alpha = &not_finite[1];
        break;
    case 26:
        config->feature_limit = 1e7f;
        break;
    case 27:
        config->verdict.alarm = config->verdict.notice / 2.0f;
        break;
    case 28:
        config->rows = UINT16_MAX;
        break;
    case 29:
        config->forms[SAFE_DETECTOR_LEVEL].factor = enormous;
        break;
    case 30:
        memory->float_count = safe_detector_floats(config) - 1u;
        break;
    case 31:
        memory->floats = NULL;
        break;
    case 32:
        memory->counts = NULL;
        break;
    case 33:
        memory->flags = NULL;
        break;
    case 34:
        memory->count_count = SAFE_DETECTOR_COUNTS(config->channels) - 1u;
        break;
    case 35:
        memory->flag_count = SAFE_DETECTOR_FLAGS(config->channels) - 1u;
        break;
    case 36:
        config->verdict.hold = 1.5f;
        break;
    case 37:
        config->verdict.confirm_rows = 0;
        break;
    case 38:
        config->verdict.recover_share = 0.0f;
        break;
    case 39:
        config->baseline.settle_samples = config->baseline.learn_samples;
        break;
    case 40:
        config->baseline.block_rows = 0;
        break;
    case 41:
        config->baseline.growth = 0.5f;
        break;
    case 42:
        config->baseline.peak = 0.0f;
        break;
    case 43:
        config->sensors.low = config->sensors.high;
        break;
    case 44:
        config->sensors.stuck_samples = NULL;
        break;
    case 45:
        config->sensors.max_masked = SAFE_DETECTOR_MOST_MASKED + 1u;
        break;
    case 46:
        config->sensors.return_samples = config->rows;
        break;
    case 47:
        config->day_samples = 24;
        break;
    case 48:
        config->drift_channels = too_far;
        config->drift_count = 2;
        break;
    case 49:
        config->drift_alpha = 0.0f;
        break;
    case 50:
        config->drift_limit = &not_finite[1];
        break;
    case 51:
        config->residual_alpha = 0.0f;
        break;
    case 55:
        config->sensors.stuck_band = NULL;
        break;
    case 56:
        config->sensors.stuck_band = not_finite;
        break;
    case 57:
        config->sensors.high = infinite;
        break;
    case 58:
        config->regimes = 2; /* with a learned baseline */
        config->regime_mean = config->mean;
        break;
    case 53:
        config->stale_samples = config->sensors.max_missed;
        break;
    case 54:
        config->period_us = 0;
        break;
    case 52:
        for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
            config->forms[i].count = 0;
        }
        break;
    default:
        break;
    }
}

#endif
