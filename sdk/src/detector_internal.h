/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the detector share: taking a sample, and judging it. */
#ifndef SAFE_DETECTOR_INTERNAL_H
#define SAFE_DETECTOR_INTERNAL_H

#include "safe/detector.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Forgets the present blocks; nothing while the baseline is learned. */
void safe_detector_drop_blocks(safe_detector_t *detector);

/** Fills in what a result says whatever the state: masked channels, score and limit. */
void safe_detector_describe(const safe_detector_t *detector, safe_detector_result_t *result);

/** Returns the state of a sample that says nothing. */
safe_detector_state_t safe_detector_state_without(const safe_detector_t *detector);

/** Judges the present sample; learns or follows the baseline. */
void safe_detector_score(safe_detector_t *detector, safe_detector_result_t *result);

#ifdef __cplusplus
}
#endif

#endif
