/* SPDX-License-Identifier: Apache-2.0 */
/** @file verdict.h From a smoothed score to a state: two thresholds, held and confirmed.
 *
 * Specified in `host_tools/detection/verdict.py`.
 */
#ifndef SAFE_VERDICT_H
#define SAFE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the detector says of the present sample. */
typedef enum safe_detector_state {
    SAFE_DETECTOR_WARMUP = 0, /**< Too few samples since a gap, or no time of day: no score. */
    SAFE_DETECTOR_OK = 1,
    SAFE_DETECTOR_ALARM = 2,
    SAFE_DETECTOR_LEARN = 3,    /**< The baseline is being learned: no verdict. */
    SAFE_DETECTOR_DEGRADED = 4, /**< Too many channels are masked for a verdict. */
    SAFE_DETECTOR_NOTICE = 5,   /**< Above the lower threshold. */
    SAFE_DETECTOR_STALE = 6,    /**< No sample came for a while: only an application says so. */
} safe_detector_state_t;

/** What happened to the baseline on a sample: bits of `event`. */
#define SAFE_DETECTOR_LEARNED (1u << 0)   /**< The learning is complete. */
#define SAFE_DETECTOR_CHANGED (1u << 1)   /**< A raised state is normal, too, from now on. */
#define SAFE_DETECTOR_RECOVERED (1u << 2) /**< The score stayed far below its peak. */
#define SAFE_DETECTOR_FORGOTTEN (1u << 3) /**< RELEARN came before this sample; the server's. */
#define SAFE_DETECTOR_SILENCE (1u << 4)   /**< All was stale before this sample. */

/** Constants, in flash. */
typedef struct safe_verdict_config {
    float notice;             /**< Score above which it is a notice. */
    float alarm;              /**< Score above which it is an alarm, at least `notice`. */
    float hold;               /**< Share of a threshold down to which its state is held. */
    uint16_t confirm_rows;    /**< Samples above a threshold in a row before the state rises. */
    float recover_share;      /**< A notice below this share of the peak is over */
    uint32_t recover_samples; /**< after so many samples; 0: never. */
    uint32_t change_samples;  /**< Most credit of a baseline; 0: no state becomes normal. */
} safe_verdict_config_t;

/** State and what led to it. */
typedef struct safe_verdict {
    const safe_verdict_config_t *config;
    safe_detector_state_t state; /**< OK, NOTICE or ALARM. */
    uint16_t rows_notice;        /**< Above the notice in a row, up to confirm_rows. */
    uint16_t rows_alarm;         /**< Above the alarm in a row, up to confirm_rows. */
    uint32_t raised;             /**< Samples in NOTICE or ALARM; stays at its largest. */
    uint32_t ended;              /**< Those of the last raised state that fell to OK. */
    uint32_t below;              /**< Of them the last ones below the share; the same. */
    float peak;                  /**< Of the score while raised. */
    uint32_t credit;             /**< Of the baseline: it grows in OK and shrinks while raised. */
} safe_verdict_t;

/** Nothing is raised; the credit stays. `config` is set. */
void safe_verdict_reset(safe_verdict_t *verdict);

/** The raised state is over. */
void safe_verdict_lower(safe_verdict_t *verdict);

/** Sets the baseline's credit to `samples`, or to the most that it can be. */
void safe_verdict_believe(safe_verdict_t *verdict, uint32_t samples);

/** Judges one row. @param limit Score above which it is a notice at present. */
safe_detector_state_t safe_verdict_take(safe_verdict_t *verdict, float score, float limit);

/** Returns whether the raised state that fell to OK on this row was brief: up to
 * `recover_samples`. */
bool safe_verdict_was_brief(const safe_verdict_t *verdict);

/** Returns why the raised state is over: RECOVERED, it is the plant's new one; CHANGED, it used up
 * the credit and is at least `block_rows` long, so that it is normal beside the old one; or 0. */
uint8_t safe_verdict_ending(const safe_verdict_t *verdict, uint16_t block_rows);

#ifdef __cplusplus
}
#endif

#endif
