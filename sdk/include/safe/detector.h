/* SPDX-License-Identifier: Apache-2.0 */
/** @file detector.h From a raw sample to an alarm: scaler, window, model, residual, threshold.
 *
 * The arithmetic is specified once, in `host_tools/detection/chain.py`, and is the same to the
 * last bit here: single precision, no fused multiply-add (-ffp-contract=off), sums in channel
 * order, nothing from libm. Compile with IEEE 754 float and round-to-nearest.
 */
#ifndef SAFE_DETECTOR_H
#define SAFE_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/model.h"
#include "safe/status.h"
#include "safe/window.h"

/** Constants of one detector, in flash; generated from scaler.json and detector.json. */
typedef struct safe_detector_config {
    uint16_t channels;
    uint16_t window;  /**< Samples that the model sees. */
    uint16_t horizon; /**< Samples that the model forecasts. */
    /* scaler: z = (x - mean) * inv_std */
    const float *mean;    /**< [channels] */
    const float *inv_std; /**< [channels] */
    float clip;           /**< Model input is limited to [-clip, clip], in standard deviations. */
    float score_limit;    /**< z is limited to [-score_limit, score_limit] before scoring. */
    /* model edges */
    float input_inv_scale; /**< 1 / scale of the model input. */
    int32_t input_zero_point;
    float forecast_scale; /**< Output scale / horizon: turns a sum of `horizon` forecasts into z. */
    int32_t output_zero_point;
    /* score and threshold */
    const float *weight; /**< [channels], 0 leaves a channel out of the score. */
    float alpha;         /**< EWMA factor in (0, 1]; 1 is no smoothing. */
    float threshold;     /**< Alarm while the smoothed score is above it. */
} safe_detector_config_t;

/** What the detector says of the present sample. */
typedef enum safe_detector_state {
    SAFE_DETECTOR_WARMUP = 0, /**< Fewer than window + horizon samples since reset: no score. */
    SAFE_DETECTOR_OK = 1,
    SAFE_DETECTOR_ALARM = 2,
} safe_detector_state_t;

/** One step's result. */
typedef struct safe_detector_result {
    uint32_t index; /**< Samples seen since reset, this one not counted; 0 for a gap. */
    safe_detector_state_t state;
    float residual_score; /**< Weighted sum of squared residuals of this sample; 0 in warm-up. */
    float score;          /**< Its EWMA; compared with the threshold; 0 in warm-up. */
    bool has_forecast;    /**< The model ran on this sample; the output is in the context. */
} safe_detector_result_t;

/** A running detector. The buffers are the caller's; see the generated header for sizes. */
typedef struct safe_detector {
    const safe_detector_config_t *config;
    safe_context_t context;
    safe_window_t window;   /**< Quantized samples; the ring is the caller's. */
    safe_horizon_t horizon; /**< Forecast sums of the coming samples; the caller's too. */
    uint32_t samples;
    float score;
    bool has_score;
} safe_detector_t;

/**
 * Binds a detector to its configuration, model context and buffers, and resets it.
 *
 * @param window_bytes at least window * channels. @param horizon_words at least
 * horizon * channels. @return ARGUMENT when sizes or the model's shapes do not fit.
 */
SAFE_MUST_CHECK safe_status_t safe_detector_init(safe_detector_t *detector,
                                                 const safe_detector_config_t *config,
                                                 const safe_context_t *context, int8_t *window_ring,
                                                 size_t window_bytes, int32_t *horizon_ring,
                                                 size_t horizon_words);

/** Forgets all samples: after a gap, the next window must not contain a hole. */
void safe_detector_reset(safe_detector_t *detector);

/**
 * Takes one raw sample.
 *
 * @param sample [channels] in the units of the training data.
 * @return NOT_FINITE: a value is NaN or infinite; the sample counts as a gap, the detector is
 * reset and `result->state` is WARMUP. ARGUMENT: null or wrong length; nothing changed.
 */
SAFE_MUST_CHECK safe_status_t safe_detector_step(safe_detector_t *detector, const float *sample,
                                                 size_t channels, safe_detector_result_t *result);

#endif
