/* SPDX-License-Identifier: Apache-2.0 */
/** @file detector.h From a raw sample to a state: sensors, baseline, model, statistics, thresholds.
 *
 * Four statistics are watched: how far the level of the channels lies from a baseline, the same of
 * the medians of spiky channels, how far the samples lie from a simple smoother (innovation), and
 * how far from the model's forecasts (residual). The arithmetic is specified once, in
 * `host_tools/detection/chain.py`, and is the same to the last bit here: single precision, no fused
 * multiply-add, sums in index order, nothing from libm. Compile with IEEE 754 float and
 * round-to-nearest.
 */
#ifndef SAFE_DETECTOR_H
#define SAFE_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/baseline.h"
#include "safe/model.h"
#include "safe/rows.h"
#include "safe/sensors.h"
#include "safe/status.h"
#include "safe/stream.h"
#include "safe/verdict.h"
#include "safe/window.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Channels that a list of a result names at most. */
#define SAFE_DETECTOR_TOP 4u

/** Fills the rest of them. */
#define SAFE_DETECTOR_NO_CHANNEL 0xFFFFu

/** Innovations that their statistic averages. */
#define SAFE_DETECTOR_INNOVATION_ROWS 3u

/** Masked channels up to which a detector can be configured to give verdicts. */
#define SAFE_DETECTOR_MOST_MASKED 8u

/** Hours of a day. */
/** Most regimes of a plant. */
#define SAFE_DETECTOR_MOST_REGIMES 16u
#define SAFE_DETECTOR_HOURS 24u

/** The statistics, in the order of a result. */
typedef enum safe_detector_form_name {
    SAFE_DETECTOR_LEVEL = 0,      /**< Mean of the last `rows` samples. */
    SAFE_DETECTOR_MEDIAN = 1,     /**< Mean of the last `rows` medians of three samples. */
    SAFE_DETECTOR_INNOVATION = 2, /**< Mean of the last three errors of a smoother. */
    SAFE_DETECTOR_RESIDUAL = 3,   /**< Smoothed error of the model's forecasts. */
    SAFE_DETECTOR_FORMS = 4,
} safe_detector_form_name_t;

/** Which channels a statistic scores, and its form (quadratic.h). */
typedef struct safe_detector_form {
    uint16_t count;           /**< 0: the statistic is not used. */
    const uint16_t *channels; /**< [count] ascending. */
    const float *factor;      /**< [count * (count + 1) / 2] */
    const float *prior;       /**< Variances: of the level [channels], of the others [count]. */
} safe_detector_form_t;

struct safe_detector;
struct safe_detector_config;
struct safe_detector_memory;

/** How a detector runs its network; there is one, safe_detector_network (detector_network.h). */
typedef struct safe_detector_network {
    /** Whether the constants fit the model. */
    bool (*fits)(const struct safe_detector_config *config, const safe_model_t *model);
    /** Takes its part of the memory; false when it is too small. */
    bool (*bind)(struct safe_detector *detector, const struct safe_detector_memory *memory);
    /** Forgets samples and forecasts. */
    safe_status_t (*reset)(struct safe_detector *detector);
    /** Makes the input of the present sample, relative to the baseline; the residual follows the
     * error of the forecasts for it. */
    void (*take)(struct safe_detector *detector);
    /** Puts the forecasts, where there are any, in the place of the input of a missing sample. */
    void (*bridge)(struct safe_detector *detector);
    /** Takes the present input; looks ahead from it once a whole window is there. */
    safe_status_t (*look_ahead)(struct safe_detector *detector, bool *has_forecast);
    /** Returns the model's output after a sample with a forecast: safe_context_output. */
    const void *(*output)(const safe_context_t *context, size_t index);
} safe_detector_network_t;

/** Constants of one detector, in flash; generated from scaler.json and detector.json. */
typedef struct safe_detector_config {
    const safe_detector_network_t *network; /**< Null: there is no network, no model. */
    uint16_t channels;
    uint16_t window;  /**< Samples that the model sees; 0 without one. */
    uint16_t horizon; /**< Samples that the model forecasts; 0 without one. */
    uint16_t rows;    /**< Samples that level and median are averaged over. */
    /* scaler: z = (x - mean) * inv_std */
    const float *mean;    /**< [channels] */
    const float *inv_std; /**< [channels] */
    float clip;           /**< Model input is limited to [-clip, clip], in standard deviations. */
    float score_limit;    /**< z is limited to [-score_limit, score_limit] before all else. */
    /* model edges */
    float input_inv_scale; /**< 1 / scale of the model input. */
    int32_t input_zero_point;
    float forecast_scale; /**< Output scale / horizon: turns a sum of `horizon` forecasts into z. */
    int32_t output_zero_point;
    /* statistics */
    safe_sensors_config_t sensors;
    safe_baseline_config_t baseline;
    safe_detector_form_t forms[SAFE_DETECTOR_FORMS];
    const float *innovation_alpha; /**< [forms[INNOVATION].count] factor of each smoother. */
    float residual_alpha;          /**< Factor of the residual's smoothing. */
    float feature_limit;           /**< Features are limited to [-feature_limit, feature_limit]. */
    float alpha;                   /**< EWMA factor of the score in (0, 1]; 1 is no smoothing. */
    safe_verdict_config_t verdict;
    /* time of day */
    uint32_t day_samples;     /**< Samples of a day; 0: the hour does not count. */
    const int16_t *hour_mean; /**< [24 * channels] in steps of hour_scale; null without hours. */
    const float *hour_scale;  /**< [channels] standard deviations; null without hours. */
    /* regimes */
    uint16_t regimes; /**< With a baseline of the training rows, 2 to 16; 0: there is one. */
    const float *regime_mean; /**< [regimes * channels] the level is relative to the nearest. */
    /* drift */
    uint16_t drift_count;
    const uint16_t *drift_channels; /**< [drift_count] */
    const float *drift_limit;       /**< [drift_count] standard deviations. */
    float drift_alpha;
    /* pace */
    uint32_t period_us;     /**< Microseconds from sample to sample; 0: not known. */
    uint16_t stale_samples; /**< Without a sample for so many periods all is stale; 0: never. */
} safe_detector_config_t;

/** One step's result. */
typedef struct safe_detector_result {
    uint32_t index; /**< Samples since the last gap, this one not counted; 0 for a gap. */
    safe_detector_state_t state;
    float forms[SAFE_DETECTOR_FORMS]; /**< The statistics; 0 where there is none. */
    float score;                      /**< EWMA of the largest one. */
    float limit;                      /**< Score above which it is a notice at present. */
    bool has_forecast; /**< The model ran on this sample; the output is in the context. */
    bool is_missing;   /**< No value was good: the state is that of the sample before. */
    uint8_t event;     /**< SAFE_DETECTOR_LEARNED, _CHANGED, _RECOVERED, _SILENCE. */
    uint16_t drift;    /**< First channel that drifts, a notice for maintenance; NO_CHANNEL. */
    uint16_t top[SAFE_DETECTOR_TOP];    /**< In NOTICE and ALARM the channels that contribute most,
                                           the first most. */
    uint16_t masked[SAFE_DETECTOR_TOP]; /**< The first masked channels, ascending. */
    uint16_t masked_count;
} safe_detector_result_t;

/** Floats that a detector works in.
 * @param n[4] features of the forms; of the level all channels.
 * @param learns whether a baseline is learned. */
#define SAFE_DETECTOR_FLOATS(channels, rows, median, innovation, residual, drift, max_masked,      \
                             most, learns)                                                         \
    ((rows) * ((channels) + (median)) + 2u * (median) +                                            \
     (SAFE_DETECTOR_INNOVATION_ROWS + 1u) * (innovation) + (residual) + 3u * (channels) +          \
     ((learns) ? 7u * ((channels) + (median)) + 4u * ((innovation) + (residual))                   \
               : (channels) + (median) + (innovation) + (residual)) +                              \
     (most) * (2u + (max_masked)) + 2u * (drift))

/** Counts and flags of a detector. */
#define SAFE_DETECTOR_COUNTS(channels) (2u * (channels))
#define SAFE_DETECTOR_FLAGS(channels) (4u * (channels))

/** The caller's memory for one detector; the generated header has the sizes. */
typedef struct safe_detector_memory {
    int8_t *window;       /**< Quantized samples; null without a model. */
    size_t window_bytes;  /**< At least window * channels; channels for a streaming model. */
    int32_t *horizon;     /**< Sums of forecasts; null without a model. */
    size_t horizon_words; /**< At least horizon * channels. */
    float *floats;
    size_t float_count; /**< At least safe_detector_floats(). */
    uint16_t *counts;
    size_t count_count; /**< At least SAFE_DETECTOR_COUNTS(channels). */
    bool *flags;
    size_t flag_count; /**< At least SAFE_DETECTOR_FLAGS(channels). */
} safe_detector_memory_t;

/** A running detector. */
typedef struct safe_detector {
    /* Bytes, then words, then structures: what lies near the beginning costs Armv6-M no address. */
    bool has_score;
    bool has_smooth;
    bool has_error;
    bool has_phase;
    bool was_raised; /**< In NOTICE or ALARM on the sample before. */
    bool was_stale;  /**< Before the next sample; its event tells. */
    const safe_detector_config_t *config;
    float *deviation;  /**< [channels] the present sample. */
    float *input;      /**< [channels] the present model input. */
    float *before;     /**< [2 * forms[MEDIAN].count] the two samples before. */
    float *smooth;     /**< [forms[INNOVATION].count] */
    float *error;      /**< [forms[RESIDUAL].count] */
    float *feature;    /**< [most features of a form] */
    float *kept;       /**< [most features of a form] what names the channels of the largest one. */
    float *columns;    /**< [max_masked * most features of a form] */
    float *slow;       /**< [drift_count] */
    float *slow_start; /**< [drift_count] */
    uint32_t samples;  /**< Since the last gap; stays at its largest. */
    uint32_t missing;  /**< Samples missing in a row; stays at its largest. */
    uint32_t progress; /**< Samples of the settling. */
    uint32_t learned;  /**< Samples learned from. */
    uint32_t phase;    /**< Sample of the day. */
    float score;
    safe_context_t context;
    safe_window_t window;
    safe_horizon_t horizon;
    safe_sensors_t sensors;
    safe_rows_t levels;      /**< Deviations of all channels. */
    safe_rows_t medians;     /**< Medians of three of the spiky channels. */
    safe_rows_t innovations; /**< The last three. */
    safe_tracker_t trackers[SAFE_DETECTOR_FORMS];
    safe_blocks_t blocks;
    safe_verdict_t verdict;
} safe_detector_t;

/** Returns the floats that `config` needs; SAFE_DETECTOR_FLOATS for constants. */
size_t safe_detector_floats(const safe_detector_config_t *config);

/**
 * Binds a detector to its configuration, model context and memory, and resets it.
 *
 * @param context A bound model; null when the configuration has no network.
 * @return ARGUMENT when sizes, constants or the model's shapes do not fit.
 */
SAFE_MUST_CHECK safe_status_t safe_detector_init(safe_detector_t *detector,
                                                 const safe_detector_config_t *config,
                                                 const safe_context_t *context,
                                                 const safe_detector_memory_t *memory);

/**
 * As safe_detector_init, but looks at no constant: for those that SAFE generated, together with the
 * sizes of the memory, as generation has checked the same ranges. Saves 1.2 to 2 KB of code where
 * nothing else calls safe_detector_init.
 *
 * @return ARGUMENT when the network does not bind; what safe_detector_reset returns.
 */
SAFE_MUST_CHECK safe_status_t safe_detector_init_generated(safe_detector_t *detector,
                                                           const safe_detector_config_t *config,
                                                           const safe_context_t *context,
                                                           const safe_detector_memory_t *memory);

/** Forgets everything, the learned baseline too: it is learned anew, as after power-up. The time
 * of day stays.
 * @return What safe_context_reset of a streaming model says; else OK. All is forgotten anyway. */
SAFE_MUST_CHECK safe_status_t safe_detector_reset(safe_detector_t *detector);

/** Forgets recent samples and the score, keeps the baseline: for samples that were lost.
 * @return As safe_detector_reset. */
SAFE_MUST_CHECK safe_status_t safe_detector_gap(safe_detector_t *detector);

/** Tells the time: the next sample is this one of its day, 0 to day_samples - 1.
 * @return ARGUMENT: not below day_samples. */
SAFE_MUST_CHECK safe_status_t safe_detector_set_phase(safe_detector_t *detector,
                                                      uint32_t sample_of_day);

/**
 * Takes one raw sample.
 *
 * @param sample [channels] in the units of the training data.
 * @return NOT_FINITE: no value is finite and in range; the sample counts as missing and the result
 * says so. ARGUMENT: null or wrong length; nothing changed. RUNTIME: the model failed on this
 * sample; the result stands, there is no forecast, and what follows is as after a gap.
 */
SAFE_MUST_CHECK safe_status_t safe_detector_step(safe_detector_t *detector, const float *sample,
                                                 size_t channels, safe_detector_result_t *result);

/**
 * Tells that `count` samples were lost before the next one. Up to the configured limit their
 * forecasts stand in for them, each with a run of the model; beyond it all recent samples are
 * forgotten (WARMUP). @return RUNTIME: the model failed, and what follows is as after a gap.
 */
SAFE_MUST_CHECK safe_status_t safe_detector_missed(safe_detector_t *detector, uint32_t count);

/** Returns the milliseconds without a sample after which an application calls safe_detector_stale;
 * 0: never. At most INT32_MAX. */
uint32_t safe_detector_stale_ms(const safe_detector_config_t *config);

/**
 * Tells that no sample came for safe_detector_stale_ms. What was said last says nothing any more:
 * recent samples are forgotten, as after a gap, the baseline stays, and the event of the next
 * sample has SAFE_DETECTOR_SILENCE. The time of day stands still: where samples were lost,
 * safe_detector_missed tells how many. @return As safe_detector_reset.
 */
SAFE_MUST_CHECK safe_status_t safe_detector_stale(safe_detector_t *detector);

/** Returns what there is to say when no sample comes: state STALE, and no channel. */
safe_detector_result_t safe_detector_silence(void);

#ifdef __cplusplus
}
#endif

#endif
