/* SPDX-License-Identifier: Apache-2.0 */
/** @file detector.h From a raw sample to an alarm: scaler, baseline, model, statistics, threshold.
 *
 * Two statistics are watched: how far the level of the channels lies from a learned baseline, and
 * how far the samples lie from the model's forecasts of them. The arithmetic is specified once, in
 * `host_tools/detection/chain.py`, and is the same to the last bit here: single precision, no
 * fused multiply-add (safe/exact_float.h), sums in index order, nothing from libm. Compile with
 * IEEE 754 float and round-to-nearest.
 */
#ifndef SAFE_DETECTOR_H
#define SAFE_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/baseline.h"
#include "safe/model.h"
#include "safe/rows.h"
#include "safe/status.h"
#include "safe/stream.h"
#include "safe/window.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Channels that a result names at most. */
#define SAFE_DETECTOR_TOP 4u

/** Fills the rest of them. */
#define SAFE_DETECTOR_NO_CHANNEL 0xFFFFu

/** Which channels a statistic scores, and its form (quadratic.h). */
typedef struct safe_detector_form {
    uint16_t count;           /**< 0: the statistic is not used. */
    const uint16_t *channels; /**< [count] ascending. */
    const float *factor;      /**< [count * (count + 1) / 2] */
} safe_detector_form_t;

/** Constants of one detector, in flash; generated from scaler.json and detector.json. */
typedef struct safe_detector_config {
    uint16_t channels;
    uint16_t window;  /**< Samples that the model sees. */
    uint16_t horizon; /**< Samples that the model forecasts. */
    uint16_t rows;    /**< Samples that both statistics are averaged over. */
    /* scaler: z = (x - mean) * inv_std */
    const float *mean;    /**< [channels] */
    const float *inv_std; /**< [channels] */
    float clip;           /**< Model input is limited to [-clip, clip], in standard deviations. */
    float score_limit;    /**< z is limited to [-score_limit, score_limit] before all else. */
    /* model edges */
    const float *input_gain; /**< [channels] Null: inputs are z; else relative to the baseline. */
    float input_inv_scale;   /**< 1 / scale of the model input. */
    int32_t input_zero_point;
    float forecast_scale; /**< Output scale / horizon: turns a sum of `horizon` forecasts into z. */
    int32_t output_zero_point;
    /* statistics */
    safe_baseline_config_t baseline;
    safe_detector_form_t level;
    safe_detector_form_t residual;
    float feature_limit; /**< Features are limited to [-feature_limit, feature_limit]. */
    /* score and threshold */
    float alpha;              /**< EWMA factor in (0, 1]; 1 is no smoothing. */
    float threshold;          /**< Alarm while the smoothed score is above it. */
    float quiet;              /**< The baseline follows while the score is at most this. */
    uint32_t relearn_samples; /**< Alarm that lasts so long is the new normal; 0: never. */
} safe_detector_config_t;

/** What the detector says of the present sample. */
typedef enum safe_detector_state {
    SAFE_DETECTOR_WARMUP = 0, /**< Too few samples since a gap: no score. */
    SAFE_DETECTOR_OK = 1,
    SAFE_DETECTOR_ALARM = 2,
    SAFE_DETECTOR_LEARN = 3, /**< The baseline is being learned: a score, no verdict. */
    SAFE_DETECTOR_FAULT = 4, /**< A value was not finite: a gap. */
} safe_detector_state_t;

/** One step's result. */
typedef struct safe_detector_result {
    uint32_t index; /**< Samples since the last gap, this one not counted; 0 for a gap. */
    safe_detector_state_t state;
    float level;       /**< Statistic of the level; 0 while its rows are not full. */
    float residual;    /**< Statistic of the forecast residual; 0 while its rows are not full. */
    float score;       /**< EWMA of the larger one; compared with the threshold. */
    bool has_forecast; /**< The model ran on this sample; the output is in the context. */
    uint16_t top[SAFE_DETECTOR_TOP]; /**< In ALARM the channels that contribute most, the first
                                        most; in FAULT those that are not finite, ascending. */
} safe_detector_result_t;

/** Floats that a detector works in. `tracked`: channels whose level is watched, all of them with
 * an input_gain, else those that the level scores; `residual`: channels that the residual scores.
 */
#define SAFE_DETECTOR_FLOATS(channels, rows, tracked, residual)                                    \
    (((rows) + 5u) * (tracked) + ((rows) + 4u) * (residual) + 2u * (channels))

/** The caller's memory for one detector; the generated header has the sizes. */
typedef struct safe_detector_memory {
    int8_t *window;       /**< Quantized samples. */
    size_t window_bytes;  /**< At least window * channels; channels for a streaming model. */
    int32_t *horizon;     /**< Sums of forecasts. */
    size_t horizon_words; /**< At least horizon * channels. */
    float *floats;
    size_t float_count; /**< At least SAFE_DETECTOR_FLOATS(...). */
} safe_detector_memory_t;

/** A running detector. */
typedef struct safe_detector {
    const safe_detector_config_t *config;
    safe_context_t context;
    safe_window_t window;
    safe_horizon_t horizon;
    safe_rows_t levels;    /**< Standardized samples of the tracked channels. */
    safe_rows_t residuals; /**< Forecast residuals of the scored channels. */
    safe_baseline_t baseline;
    float *input;            /**< [channels] the present model input. */
    float *level_mean;       /**< [tracked] */
    float *residual_mean;    /**< [residual.count] */
    float *level_feature;    /**< [level.count] */
    float *residual_feature; /**< [residual.count] */
    float *scratch;          /**< [channels] */
    uint32_t samples;        /**< Since the last gap; stays at its largest. */
    uint32_t alarms;         /**< In ALARM without a break; stays at its largest. */
    float score;
    bool has_score;
} safe_detector_t;

/**
 * Binds a detector to its configuration, model context and memory, and resets it.
 *
 * @return ARGUMENT when sizes, constants or the model's shapes do not fit.
 */
SAFE_MUST_CHECK safe_status_t safe_detector_init(safe_detector_t *detector,
                                                 const safe_detector_config_t *config,
                                                 const safe_context_t *context,
                                                 const safe_detector_memory_t *memory);

/** Forgets everything, the learned baseline too: it is learned anew, as after power-up.
 * @return What safe_context_reset of a streaming model says; else OK. All is forgotten anyway. */
SAFE_MUST_CHECK safe_status_t safe_detector_reset(safe_detector_t *detector);

/** Forgets recent samples and the score, keeps the baseline: for samples that were lost.
 * @return As safe_detector_reset. */
SAFE_MUST_CHECK safe_status_t safe_detector_gap(safe_detector_t *detector);

/**
 * Takes one raw sample.
 *
 * @param sample [channels] in the units of the training data.
 * @return NOT_FINITE: a value is NaN or infinite; the sample counts as a gap and `result->state`
 * is FAULT. ARGUMENT: null or wrong length; nothing changed. RUNTIME: the model failed on this
 * sample; the result stands, there is no forecast, and what follows is as after a gap.
 */
SAFE_MUST_CHECK safe_status_t safe_detector_step(safe_detector_t *detector, const float *sample,
                                                 size_t channels, safe_detector_result_t *result);

#ifdef __cplusplus
}
#endif

#endif
