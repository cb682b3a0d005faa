/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/baseline.h"

#include "safe/compiler.h"
#include "safe/exact_float.h"
#include "safe/root.h"
#include "scaler_internal.h"

/** Stands for the squares of a block in which the channel was masked. */
#define SKIPPED (-1.0f)

static size_t channel_of(const safe_tracker_t *tracker, size_t k)
{
    return tracker->channels != NULL ? tracker->channels[k] : k;
}

static void clear(float *values, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        values[k] = 0.0f;
    }
}

SAFE_COLD float *safe_tracker_bind(safe_tracker_t *tracker, bool has_mean, float *floats)
{
    size_t count = tracker->count;

    tracker->inv = floats;
    floats += count;
    if (tracker->config->learn_samples != 0u) {
        float **const arrays[] = {&tracker->most_inv, &tracker->squares, &tracker->waiting_squares,
                                  &tracker->mean,     &tracker->sums,    &tracker->waiting_sums};
        size_t used = has_mean ? 6u : 3u;

        for (size_t i = 0; i < used; i++) {
            *arrays[i] = floats;
            floats += count;
        }
    }
    safe_tracker_forget(tracker);
    return floats;
}

SAFE_COLD void safe_tracker_forget(safe_tracker_t *tracker)
{
    for (size_t k = 0; k < tracker->count; k++) {
        tracker->inv[k] = 1.0f / safe_root(tracker->prior[k]);
    }
    if (tracker->squares != NULL) {
        clear(tracker->squares, tracker->count);
        clear(tracker->waiting_squares, tracker->count);
    }
    if (tracker->mean != NULL) {
        clear(tracker->mean, tracker->count);
    }
}

void safe_tracker_prime(safe_tracker_t *tracker, const float *values, uint32_t samples)
{
    float divisor = (float)samples;

    for (size_t k = 0; k < tracker->count; k++) {
        float change = values[k] - tracker->mean[k];
        float step = change / divisor;

        tracker->mean[k] = tracker->mean[k] + step;
    }
}

/** Running mean and sum of squared deviations (Welford). @param mean null: it is 0. */
static void grow(const safe_tracker_t *tracker, float *mean, const float *values,
                 const bool *is_masked)
{
    float *counts = tracker->waiting_squares;

    for (size_t k = 0; k < tracker->count; k++) {
        float square;

        if (is_masked[channel_of(tracker, k)]) {
            continue;
        }
        counts[k] = counts[k] + 1.0f;
        if (mean != NULL) {
            float delta = values[k] - mean[k];
            float step = delta / counts[k];
            float rest;

            mean[k] = mean[k] + step;
            rest = values[k] - mean[k];
            square = delta * rest;
        } else {
            square = values[k] * values[k];
        }
        if (square > 0.0f) { /* Rounding can make a tiny one negative. */
            tracker->squares[k] = tracker->squares[k] + square;
        }
    }
}

void safe_tracker_learn(safe_tracker_t *tracker, const float *values, const bool *is_masked)
{
    grow(tracker, tracker->mean, values, is_masked);
}

SAFE_COLD void safe_tracker_finish(safe_tracker_t *tracker, uint32_t rows, bool *marks)
{
    const safe_baseline_config_t *config = tracker->config;
    const float *counts = tracker->waiting_squares;

    for (size_t k = 0; k < tracker->count; k++) {
        float mass = config->prior_rows * tracker->prior[k];
        float sum = mass + tracker->squares[k];
        float weight = config->prior_rows + counts[k];

        tracker->inv[k] = 1.0f / safe_root(sum / weight);
        tracker->most_inv[k] = tracker->inv[k];
        if (marks != NULL) {
            marks[k] = counts[k] + counts[k] < (float)rows;
        }
    }
    safe_tracker_drop(tracker);
}

void safe_tracker_features(const safe_tracker_t *tracker, const float *values, float limit,
                           float *features)
{
    const float *mean = tracker->mean;
    const float *inv = tracker->inv;
    size_t count = tracker->count;

    for (size_t k = 0; k < count; k++) {
        float centred = values[k];

        if (mean != NULL) {
            centred = centred - mean[k];
        }
        features[k] = safe_clamped(centred * inv[k], limit);
    }
}

/** Returns the squared distance of values from a mean, in spreads, over what is not masked. */
static float distance(const safe_tracker_t *tracker, const float *values, const float *mean,
                      const bool *is_masked)
{
    const float *end = values + tracker->count;
    const float *inv = tracker->inv;
    float sum = 0.0f;

    while (values != end) {
        float centred = *values++ - *mean++;
        float spreads = centred * *inv++;
        float square = spreads * spreads;

        if (!*is_masked++) {
            sum = sum + square;
        }
    }
    return sum;
}

void safe_tracker_take_nearest(const safe_tracker_t *tracker, float *values, const float *means,
                               size_t count, const bool *is_masked)
{
    const float *mean = means;
    const float *nearest = means;
    float least = distance(tracker, values, means, is_masked);

    for (size_t i = 1; i < count; i++) {
        float far;

        mean += tracker->count;
        far = distance(tracker, values, mean, is_masked);
        if (far < least) {
            least = far;
            nearest = mean;
        }
    }
    for (size_t k = 0; k < tracker->count; k++) {
        values[k] = values[k] - nearest[k];
    }
}

void safe_tracker_add(safe_tracker_t *tracker, const float *values, const bool *is_masked)
{
    for (size_t k = 0; k < tracker->count; k++) {
        float deviation = values[k];
        float square;

        if (tracker->mean != NULL) {
            tracker->sums[k] = tracker->sums[k] + values[k];
            deviation = values[k] - tracker->mean[k];
        }
        square = deviation * deviation;
        if (is_masked[channel_of(tracker, k)]) {
            tracker->squares[k] = SKIPPED;
        } else if (tracker->squares[k] >= 0.0f) {
            tracker->squares[k] = tracker->squares[k] + square;
        }
    }
}

/** Clears what is collected, but not what waits. */
static void clear_block(safe_tracker_t *tracker)
{
    if (tracker->squares != NULL) {
        clear(tracker->squares, tracker->count);
    }
    if (tracker->sums != NULL) {
        clear(tracker->sums, tracker->count);
    }
}

void safe_tracker_drop(safe_tracker_t *tracker)
{
    clear_block(tracker);
    if (tracker->waiting_squares != NULL) {
        clear(tracker->waiting_squares, tracker->count);
    }
}

/** Follows the waiting block in feature k: a share of its mean and of its spread. */
static void commit(safe_tracker_t *tracker, size_t k, float inv_rows)
{
    const safe_baseline_config_t *config = tracker->config;
    float product = tracker->inv[k] * tracker->inv[k];
    float variance = 1.0f / product;
    float most = config->growth * variance;
    float found = tracker->waiting_squares[k] * inv_rows;
    float change;
    float step;
    float inv;

    if (tracker->waiting_squares[k] < 0.0f) {
        return;
    }
    if (tracker->mean != NULL) {
        float mean = tracker->waiting_sums[k] * inv_rows;

        change = mean - tracker->mean[k];
        step = config->mean_step * change;
        tracker->mean[k] = tracker->mean[k] + step;
    }
    if (found > most) {
        found = most;
    }
    change = found - variance;
    step = config->spread_step * change;
    inv = 1.0f / safe_root(variance + step);
    tracker->inv[k] = inv < tracker->most_inv[k] ? inv : tracker->most_inv[k];
}

void safe_tracker_turn(safe_tracker_t *tracker, bool commits)
{
    float inv_rows = 1.0f / (float)tracker->config->block_rows;

    for (size_t k = 0; k < tracker->count; k++) {
        if (commits) {
            commit(tracker, k, inv_rows);
        }
        tracker->waiting_squares[k] = tracker->squares[k];
        if (tracker->sums != NULL) {
            tracker->waiting_sums[k] = tracker->sums[k];
        }
    }
    clear_block(tracker);
}

void safe_tracker_move(safe_tracker_t *tracker, const float *values, const bool *is_masked)
{
    for (size_t k = 0; tracker->mean != NULL && k < tracker->count; k++) {
        if (!is_masked[channel_of(tracker, k)]) {
            tracker->mean[k] = values[k];
        }
    }
}

void safe_tracker_add_raised(safe_tracker_t *tracker, const float *values, const bool *is_masked)
{
    grow(tracker, tracker->sums, values, is_masked);
}

SAFE_COLD void safe_tracker_keep(safe_tracker_t *tracker)
{
    for (size_t k = 0; k < tracker->count; k++) {
        float count = tracker->waiting_squares[k];

        tracker->waiting_squares[k] = count > 0.0f ? tracker->squares[k] / count : SKIPPED;
        if (tracker->sums != NULL) {
            tracker->waiting_sums[k] = tracker->sums[k];
        }
    }
    clear_block(tracker);
}

SAFE_COLD void safe_tracker_adopt(safe_tracker_t *tracker)
{
    for (size_t k = 0; k < tracker->count; k++) {
        float product = tracker->inv[k] * tracker->inv[k];
        float variance;
        float inv;

        if (!(tracker->waiting_squares[k] >= 0.0f)) {
            continue;
        }
        variance = 1.0f / product;
        variance = variance + tracker->waiting_squares[k];
        variance = variance * 0.5f;
        if (tracker->mean != NULL) {
            float change = tracker->waiting_sums[k] - tracker->mean[k];
            float half = change * 0.5f;
            float square = half * half;

            tracker->mean[k] = tracker->mean[k] + half;
            variance = variance + square;
        }
        inv = 1.0f / safe_root(variance);
        tracker->inv[k] = inv < tracker->most_inv[k] ? inv : tracker->most_inv[k];
    }
}

void safe_blocks_forget(safe_blocks_t *blocks)
{
    blocks->factor = 1.0f;
    safe_blocks_drop(blocks);
}

void safe_blocks_drop(safe_blocks_t *blocks)
{
    blocks->rows = 0;
    blocks->peak = 0.0f;
    blocks->waiting_peak = 0.0f;
    blocks->waits = false;
    blocks->keeps = false;
}

void safe_blocks_keep(safe_blocks_t *blocks)
{
    safe_blocks_drop(blocks);
    blocks->keeps = true;
}

/** Returns what scores are measured by: a notice is a multiple of it. */
static float unit_of(const safe_blocks_t *blocks)
{
    return blocks->factor > 1.0f ? blocks->factor : 1.0f;
}

float safe_blocks_limit(const safe_blocks_t *blocks, float notice)
{
    return notice * unit_of(blocks);
}

/** The factor follows the peak of the waiting block. */
static void follow_peak(safe_blocks_t *blocks)
{
    float share = blocks->waiting_peak / blocks->config->peak;
    float most = 2.0f * blocks->factor;
    float change = (share < most ? share : most) - blocks->factor;
    float step = blocks->config->spread_step * change;

    blocks->factor = blocks->factor + step;
}

safe_block_end_t safe_blocks_add(safe_blocks_t *blocks, float score, float limit)
{
    bool is_good;
    bool adopts;
    bool commits;

    blocks->rows++;
    if (score > blocks->peak) {
        blocks->peak = score;
    }
    if (blocks->rows < blocks->config->block_rows) {
        return SAFE_BLOCK_GOES_ON;
    }
    is_good = blocks->peak <= limit;
    commits = is_good && blocks->waits;
    if (commits) {
        follow_peak(blocks);
    }
    adopts = blocks->keeps && score <= unit_of(blocks);
    blocks->waits = is_good;
    blocks->waiting_peak = blocks->peak;
    blocks->rows = 0;
    blocks->peak = 0.0f;
    blocks->keeps = false;
    if (!is_good) {
        return SAFE_BLOCK_IS_BAD;
    }
    if (adopts) {
        return SAFE_BLOCK_ADOPTS;
    }
    return commits ? SAFE_BLOCK_COMMITS : SAFE_BLOCK_WAITS;
}
