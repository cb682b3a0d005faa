/* SPDX-License-Identifier: Apache-2.0 */
/* A user's program around a standalone folder with a detector: raw samples in on stdin, float32
 * [channels] each; for each one out on stdout: 23 words (index, state, has_forecast, is_missing,
 * event, the four forms, score, limit, 0, masked_count, drift, top[4], masked[4], status; floats as
 * their bits) and the bytes of the model's output. */
#include <stdio.h>
#include <string.h>

#include "safe_forecaster_detector.h"

static uint32_t bits(float value)
{
    uint32_t word;

    memcpy(&word, &value, sizeof word);
    return word;
}

int main(void)
{
    float sample[SAFE_FORECASTER_CHANNELS];

    if (safe_forecaster_detector_init() != SAFE_STATUS_OK) {
        return 1;
    }
    while (fread(sample, sizeof sample, 1, stdin) == 1) {
        const safe_context_t *context = &safe_forecaster_detector_get()->context;
        safe_detector_result_t result;
        safe_status_t status = safe_forecaster_detector_step(sample, &result);
        uint32_t words[23] = {result.index, (uint32_t)result.state, result.has_forecast,
                              result.is_missing, result.event};

        for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
            words[5u + i] = bits(result.forms[i]);
        }
        words[9] = bits(result.score);
        words[10] = bits(result.limit);
        words[12] = result.masked_count;
        words[13] = result.drift;
        for (size_t i = 0; i < SAFE_DETECTOR_TOP; i++) {
            words[14u + i] = result.top[i];
            words[18u + i] = result.masked[i];
        }
        words[22] = (uint32_t)status;
        if (fwrite(words, sizeof words, 1, stdout) != 1 ||
            fwrite(safe_forecaster_output(context), SAFE_FORECASTER_OUTPUT_BYTES, 1, stdout) != 1) {
            return 1;
        }
    }
    return 0;
}
