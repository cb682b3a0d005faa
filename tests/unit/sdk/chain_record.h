/* SPDX-License-Identifier: Apache-2.0 */
/* What the chain programs write for each sample, in C and C++: 23 words (index, state,
 * has_forecast, is_missing, event, the four forms, score, limit, 0, masked_count, drift, top[4],
 * masked[4], status; floats as their bits) and the bytes of the model's output. */
#ifndef SAFE_TESTS_CHAIN_RECORD_H
#define SAFE_TESTS_CHAIN_RECORD_H

#include <stdio.h>
#include <string.h>

#include "safe_forecaster_detector.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline bool write_record(safe_status_t status, const safe_detector_result_t *result,
                                const int8_t *output)
{
    uint32_t words[23] = {0};

    words[0] = result->index;
    words[1] = result->state;
    words[2] = result->has_forecast;
    words[3] = result->is_missing;
    words[4] = result->event;
    memcpy(&words[5], result->forms, sizeof result->forms);
    memcpy(&words[9], &result->score, sizeof result->score);
    memcpy(&words[10], &result->limit, sizeof result->limit);
    words[12] = result->masked_count;
    words[13] = result->drift;
    for (size_t i = 0; i < SAFE_DETECTOR_TOP; i++) {
        words[14u + i] = result->top[i];
        words[18u + i] = result->masked[i];
    }
    words[22] = status;
    return fwrite(words, sizeof words, 1, stdout) == 1 &&
           fwrite(output, SAFE_FORECASTER_OUTPUT_BYTES, 1, stdout) == 1;
}

#ifdef __cplusplus
}
#endif

#endif
