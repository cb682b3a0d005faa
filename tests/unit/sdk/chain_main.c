/* SPDX-License-Identifier: Apache-2.0 */
/* A user's program around a standalone folder with a detector: raw samples in on stdin, float32
 * [channels] each; for each one out on stdout: 23 words (index, state, has_forecast, is_missing,
 * event, the four forms, score, limit, 0, masked_count, drift, top[4], masked[4], status; floats as
 * their bits) and the bytes of the model's output. */
#include <stdio.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe_forecaster.h"
#include "safe_forecaster_detector.h"

#define CHANNELS (SAFE_FORECASTER_OUTPUT_ELEMENTS / 10u)

static SAFE_ALIGNED(SAFE_ARENA_ALIGNMENT) uint8_t arena[SAFE_FORECASTER_ARENA_BYTES];
static int8_t window_ring[SAFE_FORECASTER_WINDOW_BYTES];
static int32_t horizon_ring[SAFE_FORECASTER_HORIZON_WORDS];
static float floats[SAFE_FORECASTER_DETECTOR_FLOATS];
static uint16_t counts[SAFE_FORECASTER_DETECTOR_COUNTS];
static bool flags[SAFE_FORECASTER_DETECTOR_FLAGS];
static safe_context_t context;
static safe_detector_t detector;

static uint32_t bits(float value)
{
    uint32_t word;

    memcpy(&word, &value, sizeof word);
    return word;
}

int main(void)
{
    const safe_detector_memory_t memory = {window_ring,  sizeof window_ring,
                                           horizon_ring, SAFE_FORECASTER_HORIZON_WORDS,
                                           floats,       SAFE_FORECASTER_DETECTOR_FLOATS,
                                           counts,       SAFE_FORECASTER_DETECTOR_COUNTS,
                                           flags,        SAFE_FORECASTER_DETECTOR_FLAGS};
    float sample[CHANNELS];

    if (safe_forecaster_init(&context, arena, sizeof arena) != SAFE_STATUS_OK ||
        safe_detector_init(&detector, &safe_forecaster_detector, &context, &memory) !=
            SAFE_STATUS_OK) {
        return 1;
    }
    while (fread(sample, sizeof sample, 1, stdin) == 1) {
        safe_detector_result_t result;
        safe_status_t status = safe_detector_step(&detector, sample, CHANNELS, &result);
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
            fwrite(safe_forecaster_output(&context), SAFE_FORECASTER_OUTPUT_BYTES, 1, stdout) !=
                1) {
            return 1;
        }
    }
    return 0;
}
