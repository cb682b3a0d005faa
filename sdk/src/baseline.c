/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/baseline.h"

#include <stddef.h>

#include "safe/exact_float.h"
#include "safe/root.h"

void safe_baseline_forget(safe_baseline_t *baseline)
{
    const safe_baseline_config_t *config = baseline->config;

    baseline->learned = 0;
    baseline->residuals_learned = 0;
    for (size_t c = 0; c < baseline->tracked; c++) {
        baseline->mean[c] = 0.0f;
        baseline->inv_level[c] = 1.0f / safe_root(config->prior_level[c]);
        baseline->squares[c] = 0.0f;
    }
    for (size_t c = 0; c < baseline->residuals; c++) {
        baseline->inv_residual[c] = 1.0f / safe_root(config->prior_residual[c]);
        baseline->residual_squares[c] = 0.0f;
    }
}

bool safe_baseline_is_learning(const safe_baseline_t *baseline)
{
    return baseline->learned < baseline->config->learn_samples;
}

void safe_baseline_prime(safe_baseline_t *baseline, const float *z, uint32_t samples)
{
    /* Below 2^24, where the conversion is exact: learning begins after at most 2^16 samples. */
    float count = (float)(samples + 1u);

    if (!safe_baseline_is_learning(baseline) || baseline->learned != 0u) {
        return;
    }
    for (size_t c = 0; c < baseline->tracked; c++) {
        float change = z[c] - baseline->mean[c];
        float step = change / count;

        baseline->mean[c] = baseline->mean[c] + step;
    }
}

/** Returns 1 / sqrt((prior * prior_rows + squares) / (prior_rows + count)). */
static float inverse_spread(const safe_baseline_config_t *config, float prior, float squares,
                            float count)
{
    float mass = prior * config->prior_rows;
    float sum = mass + squares;
    float rows = config->prior_rows + count;

    return 1.0f / safe_root(sum / rows);
}

static void learn_level(safe_baseline_t *baseline, const float *level)
{
    const safe_baseline_config_t *config = baseline->config;
    float count;

    baseline->learned++;
    count = (float)baseline->learned;
    for (size_t c = 0; c < baseline->tracked; c++) {
        float delta = level[c] - baseline->mean[c];
        float step = delta / count;
        float rest;
        float square;

        baseline->mean[c] = baseline->mean[c] + step;
        rest = level[c] - baseline->mean[c];
        square = delta * rest;
        if (square > 0.0f) { /* Rounding can make a tiny one negative. */
            baseline->squares[c] = baseline->squares[c] + square;
        }
        baseline->inv_level[c] =
            inverse_spread(config, config->prior_level[c], baseline->squares[c], count);
    }
}

void safe_baseline_learn(safe_baseline_t *baseline, const float *level, const float *residual)
{
    const safe_baseline_config_t *config = baseline->config;
    float count;

    learn_level(baseline, level);
    if (residual == NULL) {
        return;
    }
    baseline->residuals_learned++;
    count = (float)baseline->residuals_learned;
    for (size_t c = 0; c < baseline->residuals; c++) {
        float square = residual[c] * residual[c];

        baseline->residual_squares[c] = baseline->residual_squares[c] + square;
        baseline->inv_residual[c] =
            inverse_spread(config, config->prior_residual[c], baseline->residual_squares[c], count);
    }
}

void safe_baseline_track(safe_baseline_t *baseline, const float *level)
{
    for (size_t c = 0; c < baseline->tracked; c++) {
        float change = level[c] - baseline->mean[c];
        float step = baseline->config->track * change;

        baseline->mean[c] = baseline->mean[c] + step;
    }
}
