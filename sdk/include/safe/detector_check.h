/* SPDX-License-Identifier: Apache-2.0 */
/** @file detector_check.h Whether a detector's constants keep its arithmetic within bounds. */
#ifndef SAFE_DETECTOR_CHECK_H
#define SAFE_DETECTOR_CHECK_H

#include <stdbool.h>

#include "safe/detector.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * True when every constant is present and in its range and fits the model, so that no later step
 * can overflow, divide by 0 or make a NaN. The ranges are those of
 * `host_tools/detection/detector.py`.
 */
bool safe_detector_config_is_usable(const safe_detector_config_t *config,
                                    const safe_model_t *model);

#ifdef __cplusplus
}
#endif

#endif
