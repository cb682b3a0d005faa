/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/verdict.h"

#include <stdbool.h>

#include "safe/exact_float.h"

void safe_verdict_reset(safe_verdict_t *verdict)
{
    verdict->rows_notice = 0;
    verdict->rows_alarm = 0;
    safe_verdict_lower(verdict);
}

void safe_verdict_lower(safe_verdict_t *verdict)
{
    verdict->state = SAFE_DETECTOR_OK;
    verdict->raised = 0;
    verdict->below = 0;
    verdict->peak = 0.0f;
}

void safe_verdict_believe(safe_verdict_t *verdict, uint32_t samples)
{
    verdict->credit = verdict->config->change_samples;
    if (samples < verdict->credit) {
        verdict->credit = samples;
    }
}

static void count(uint16_t *rows, bool is_above, uint16_t most)
{
    if (!is_above) {
        *rows = 0;
    } else if (*rows < most) {
        (*rows)++;
    }
}

static uint32_t next(uint32_t value)
{
    return value < UINT32_MAX ? value + 1u : value;
}

safe_detector_state_t safe_verdict_take(safe_verdict_t *verdict, float score, float limit)
{
    const safe_verdict_config_t *config = verdict->config;
    float ratio = config->alarm / config->notice;
    float alarm = limit * ratio;
    float held_alarm = config->hold * alarm;
    float held_notice = config->hold * limit;
    bool is_raised = verdict->state != SAFE_DETECTOR_OK;

    count(&verdict->rows_notice, score > limit, config->confirm_rows);
    count(&verdict->rows_alarm, score > alarm, config->confirm_rows);
    if (verdict->rows_alarm >= config->confirm_rows ||
        (verdict->state == SAFE_DETECTOR_ALARM && score > held_alarm)) {
        verdict->state = SAFE_DETECTOR_ALARM;
    } else if (verdict->rows_notice >= config->confirm_rows || (is_raised && score > held_notice)) {
        verdict->state = SAFE_DETECTOR_NOTICE;
    } else {
        verdict->ended = verdict->raised;
        safe_verdict_lower(verdict);
        if (verdict->credit < config->change_samples) {
            verdict->credit++;
        }
        return verdict->state;
    }
    if (verdict->credit > 0u) {
        verdict->credit--;
    }
    verdict->raised = next(verdict->raised);
    if (score > verdict->peak) {
        verdict->peak = score;
    }
    bool is_low =
        verdict->state == SAFE_DETECTOR_NOTICE && score < config->recover_share * verdict->peak;
    verdict->below = is_low ? next(verdict->below) : 0u;
    return verdict->state;
}

bool safe_verdict_was_brief(const safe_verdict_t *verdict)
{
    return verdict->ended <= verdict->config->recover_samples;
}

uint8_t safe_verdict_ending(const safe_verdict_t *verdict, uint16_t block_rows)
{
    const safe_verdict_config_t *config = verdict->config;

    if (config->recover_samples != 0u && verdict->below >= config->recover_samples) {
        return SAFE_DETECTOR_RECOVERED;
    }
    if (config->change_samples != 0u && verdict->credit == 0u && verdict->raised >= block_rows) {
        return SAFE_DETECTOR_CHANGED;
    }
    return 0;
}
