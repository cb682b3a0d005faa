/* SPDX-License-Identifier: Apache-2.0 */
/** @file baseline.h What this deployment is like: mean and spread of each channel, learned.
 *
 * Specified in `host_tools/detection/chain.py` (class Baseline). Storage is the caller's; the
 * constants are checked once, by safe_detector_init.
 */
#ifndef SAFE_BASELINE_H
#define SAFE_BASELINE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants, in flash. Variances lie in [1e-20, 1e12], so that no spread is 0 or infinite. */
typedef struct safe_baseline_config {
    const float *prior_level;    /**< [tracked] variance of a row mean of the level. */
    const float *prior_residual; /**< [residuals] mean square of a row mean of the residual. */
    float prior_rows;            /**< Weight of the priors, in samples. */
    uint32_t learn_samples;      /**< 0: the priors are the baseline, nothing is learned. */
    float track;                 /**< The mean follows a quiet level by this factor. */
} safe_baseline_config_t;

/** What is known so far. */
typedef struct safe_baseline {
    const safe_baseline_config_t *config;
    uint16_t tracked;
    uint16_t residuals;
    uint32_t learned;           /**< Row means of the level seen, up to learn_samples. */
    uint32_t residuals_learned; /**< The same of the residual. */
    float *mean;                /**< [tracked] of the level, in standard deviations. */
    float *inv_level;           /**< [tracked] 1 / spread of the level's row means. */
    float *squares;             /**< [tracked] sum of squared deviations. */
    float *inv_residual;        /**< [residuals] 1 / root mean square of the residual. */
    float *residual_squares;    /**< [residuals] sum of squares. */
} safe_baseline_t;

/** Nothing is learned: mean 0, spreads of the priors. */
void safe_baseline_forget(safe_baseline_t *baseline);

/** True while the baseline is being learned: no verdict can be given. */
bool safe_baseline_is_learning(const safe_baseline_t *baseline);

/** Before the first row mean: the mean of the samples so far. @param z [tracked] the present
 * sample. @param samples before it. Does nothing once something is learned. */
void safe_baseline_prime(safe_baseline_t *baseline, const float *z, uint32_t samples);

/** Learns one row mean. @param level [tracked]. @param residual [residuals], or null while there
 * is none. */
void safe_baseline_learn(safe_baseline_t *baseline, const float *level, const float *residual);

/** Follows a quiet level. @param level [tracked]. */
void safe_baseline_track(safe_baseline_t *baseline, const float *level);

#ifdef __cplusplus
}
#endif

#endif
