/* SPDX-License-Identifier: Apache-2.0 */
/** @file baseline.h What this deployment is like: mean and spread of features, learned, followed.
 *
 * Specified in `host_tools/detection/baseline.py`. Storage is the caller's; the constants are
 * checked once, by safe_detector_init.
 */
#ifndef SAFE_BASELINE_H
#define SAFE_BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants, in flash. */
typedef struct safe_baseline_config {
    uint32_t learn_samples;  /**< 0: the priors are the baseline, nothing is learned. */
    uint32_t settle_samples; /**< Of them the first ones, which are not learned from. */
    float prior_rows;        /**< Weight of the priors in learned variances, in samples. */
    uint16_t block_rows;     /**< Samples of a block. */
    float mean_step;         /**< Share of a block's mean that is taken. */
    float spread_step;       /**< Share of a block's spread and peak that is taken. */
    float growth;            /**< A block's variance counts up to so many present ones. */
    float peak;              /**< Peak score of a quiet block. */
} safe_baseline_config_t;

/** Mean and spread of K features. All arrays but `inv` are null when nothing is learned. */
typedef struct safe_tracker {
    const safe_baseline_config_t *config;
    uint16_t count;           /**< K */
    const uint16_t *channels; /**< [K] of each feature; null: its own number. */
    const float *prior;       /**< [K] variances in [1e-20, 1e12]. */
    float *mean;              /**< [K]; null: 0. */
    float *inv;               /**< [K] 1 / spread. */
    float *most_inv;          /**< [K] at the end of the learning: it does not grow beyond. */
    float *squares;           /**< [K] learned sum of squares, then that of the block. */
    float *waiting_squares;   /**< [K] learned rows, then the sums of the block before, the rows of
                                 a raised state, or the variance of one that waits. */
    float *sums;              /**< [K] of the block's values, or the mean of a raised state; null
                                 without `mean`. */
    float *waiting_sums;      /**< [K] of the block before; null without `mean`. */
} safe_tracker_t;

/** Floats of a tracker that learns, for K features. */
#define SAFE_TRACKER_FLOATS(count, has_mean) ((count) * ((has_mean) ? 7u : 4u))

/** Deals `floats` out, SAFE_TRACKER_FLOATS of them, or K when nothing is learned; and forgets.
 * `config`, `count`, `channels` and `prior` are set. @return the float after them. */
float *safe_tracker_bind(safe_tracker_t *tracker, bool has_mean, float *floats);

/** Nothing is learned: mean 0, spreads of the priors. */
void safe_tracker_forget(safe_tracker_t *tracker);

/** Before the first learned row: the mean of the samples so far. @param values [K] the present
 * sample. @param samples with this one, at least 1. */
void safe_tracker_prime(safe_tracker_t *tracker, const float *values, uint32_t samples);

/** Learns one row. @param values [K]. @param is_masked [channels]: such a value is left out. */
void safe_tracker_learn(safe_tracker_t *tracker, const float *values, const bool *is_masked);

/** Turns what was learned into spreads; the blocks begin. @param marks [K], not null for the level:
 * set where fewer than half of `rows` rows were learned from. */
void safe_tracker_finish(safe_tracker_t *tracker, uint32_t rows, bool *marks);

/** Writes deviations in spreads, within +- limit, to `features` [K]; may be `values` itself. */
void safe_tracker_features(const safe_tracker_t *tracker, const float *values, float limit,
                           float *features);

/** Makes values [K] relative to the nearest of some means, the first of equal ones: by the squares
 * of deviations in spreads, summed over what is not masked.
 * @param means [count * K], count >= 1. @param is_masked [K]. */
void safe_tracker_take_nearest(const safe_tracker_t *tracker, float *values, const float *means,
                               size_t count, const bool *is_masked);

/** Takes a row into the present block. */
void safe_tracker_add(safe_tracker_t *tracker, const float *values, const bool *is_masked);

/** Begins anew: a block, and what a raised state is like. */
void safe_tracker_drop(safe_tracker_t *tracker);

/** The present block is good: the one before is followed where `commits`, and this one waits. */
void safe_tracker_turn(safe_tracker_t *tracker, bool commits);

/** Takes values [K] as the mean, where they are not masked. */
void safe_tracker_move(safe_tracker_t *tracker, const float *values, const bool *is_masked);

/** Takes a row of a raised state: learns what it is like, beside the baseline. */
void safe_tracker_add_raised(safe_tracker_t *tracker, const float *values, const bool *is_masked);

/** The raised state is over: what it was like waits in the place of a block. */
void safe_tracker_keep(safe_tracker_t *tracker);

/** The raised state that waits is normal, too: mean and spread are those of both, of equal weight;
 * the spread is at least the learned one. */
void safe_tracker_adopt(safe_tracker_t *tracker);

/** What becomes of the blocks that end with this row. */
typedef enum safe_block_end {
    SAFE_BLOCK_GOES_ON = 0,
    SAFE_BLOCK_IS_BAD = 1,
    SAFE_BLOCK_WAITS = 2,
    SAFE_BLOCK_COMMITS = 3, /**< The block before is followed, this one waits. */
    SAFE_BLOCK_ADOPTS = 4,  /**< The raised state that waited is normal, too; this one waits. */
} safe_block_end_t;

/** When the trackers follow: two good blocks in a row, never while a state is raised. */
typedef struct safe_blocks {
    const safe_baseline_config_t *config;
    float factor; /**< Of the limit; counts where it is above 1. */
    float peak;   /**< Of the present block's scores. */
    float waiting_peak;
    uint16_t rows;
    bool waits;
    bool keeps; /**< A raised state waits in the place of a block. */
} safe_blocks_t;

/** Nothing was seen. `config` is set. */
void safe_blocks_forget(safe_blocks_t *blocks);

/** Forgets the present block and the waiting one. */
void safe_blocks_drop(safe_blocks_t *blocks);

/** A raised state came and went: it waits, in the place of a block, for one in OK. */
void safe_blocks_keep(safe_blocks_t *blocks);

/** Returns the score above which it is a notice: the constant `notice` times the factor. */
float safe_blocks_limit(const safe_blocks_t *blocks, float notice);

/** Takes a row. @param limit of safe_blocks_limit. */
safe_block_end_t safe_blocks_add(safe_blocks_t *blocks, float score, float limit);

#ifdef __cplusplus
}
#endif

#endif
