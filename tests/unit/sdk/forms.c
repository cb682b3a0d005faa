/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of the generated interface give the same results: static memory, an instance, and the
 * caller's own memory. Two instances do not disturb each other. Ends with the failing line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "safe_small_detector.h"

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("line %d: %s\n", __LINE__, #x);                                                 \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)
#define OK(x) CHECK((x) == SAFE_STATUS_OK)
#define SAMPLES 600u
/** The small model learns from its first 50 samples. */
#define LEARNED 80u

static safe_small_instance_t one;
static safe_small_instance_t other;
static safe_small_instance_t alone;

static SAFE_ALIGNED(SAFE_ARENA_ALIGNMENT) uint8_t arena[SAFE_SMALL_ARENA_BYTES];
static int8_t window[SAFE_SMALL_WINDOW_BYTES];
static int32_t horizon[SAFE_SMALL_HORIZON_WORDS];
static float floats[SAFE_SMALL_DETECTOR_FLOATS];
static uint16_t counts[SAFE_SMALL_DETECTOR_COUNTS];
static bool flags[SAFE_SMALL_DETECTOR_FLAGS];

/** Sample `index` of stream `seed`: noise, a step in one channel, a value that is missing. */
static void make_sample(uint32_t seed, uint32_t index, float *sample)
{
    uint32_t state = seed * 747796405u + index * 2891336453u;

    for (uint32_t c = 0; c < SAFE_SMALL_CHANNELS; c++) {
        state = state * 1664525u + 1013904223u;
        sample[c] = (float)(state >> 8) / 16777216.0f;
    }
    if (index > 400u && index < 480u) {
        sample[0] += 40.0f;
    }
    if (index % 97u == 90u) {
        sample[2] = NAN;
    }
}

/** All fields but the padding. */
static bool equal(const safe_detector_result_t *a, const safe_detector_result_t *b)
{
    return a->index == b->index && a->state == b->state &&
           memcmp(a->forms, b->forms, sizeof a->forms) == 0 &&
           memcmp(&a->score, &b->score, sizeof a->score) == 0 &&
           memcmp(&a->limit, &b->limit, sizeof a->limit) == 0 &&
           a->has_forecast == b->has_forecast && a->is_missing == b->is_missing &&
           a->event == b->event && a->drift == b->drift &&
           memcmp(a->top, b->top, sizeof a->top) == 0 &&
           memcmp(a->masked, b->masked, sizeof a->masked) == 0 &&
           a->masked_count == b->masked_count;
}

static int before_init(void)
{
    float sample[SAFE_SMALL_CHANNELS] = {0};
    uint8_t saved[SAFE_SMALL_DETECTOR_SAVED_BYTES];
    safe_detector_result_t result;
    size_t length = 7;

    CHECK(safe_small_detector_get() == NULL);
    CHECK(safe_small_detector_step(sample, &result) == SAFE_STATUS_NOT_READY);
    CHECK(safe_small_detector_missed(1) == SAFE_STATUS_NOT_READY);
    CHECK(safe_small_detector_save(saved, sizeof saved, &length) == SAFE_STATUS_NOT_READY);
    CHECK(safe_small_detector_restore(saved, sizeof saved) == SAFE_STATUS_NOT_READY);
    CHECK(length == 7);
    CHECK(safe_small_instance_init(NULL) == SAFE_STATUS_ARGUMENT);
    OK(safe_small_detector_init());
    CHECK(safe_small_detector_get() != NULL);
    CHECK(safe_small_detector_step(NULL, &result) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_small_detector_step(sample, NULL) == SAFE_STATUS_ARGUMENT);
    return 0;
}

static int same_results(void)
{
    const safe_detector_memory_t memory = {window,  sizeof window,
                                           horizon, SAFE_SMALL_HORIZON_WORDS,
                                           floats,  SAFE_SMALL_DETECTOR_FLOATS,
                                           counts,  SAFE_SMALL_DETECTOR_COUNTS,
                                           flags,   SAFE_SMALL_DETECTOR_FLAGS};
    safe_context_t context;
    safe_detector_t own;
    safe_detector_result_t results[4];
    unsigned raised = 0;

    memset(&one, 0xA5, sizeof one); /* an instance may hold anything before */
    OK(safe_small_instance_init(&one));
    OK(safe_small_instance_init(&other));
    OK(safe_small_instance_init(&alone));
    OK(safe_small_init(&context, arena, sizeof arena));
    OK(safe_detector_init(&own, &safe_small_detector, &context, &memory));
    OK(safe_small_detector_init());
    for (uint32_t i = 0; i < SAMPLES; i++) {
        float sample[SAFE_SMALL_CHANNELS];

        make_sample(1, i, sample);
        if (i % 150u == 149u) { /* once few enough to be bridged, then a gap */
            uint32_t lost = i < 300u ? SAFE_SMALL_MAX_MISSED : SAFE_SMALL_MAX_MISSED + 1u;

            OK(safe_small_detector_missed(lost));
            OK(safe_detector_missed(&one.detector, lost));
            OK(safe_detector_missed(&own, lost));
        }
        OK(safe_small_detector_step(sample, &results[0]));
        OK(safe_detector_step(&one.detector, sample, SAFE_SMALL_CHANNELS, &results[1]));
        OK(safe_detector_step(&own, sample, SAFE_SMALL_CHANNELS, &results[2]));
        CHECK(equal(&results[0], &results[1]) && equal(&results[0], &results[2]));
        CHECK(!results[0].has_forecast ||
              memcmp(safe_small_output(&one.context), safe_small_output(&context),
                     SAFE_SMALL_OUTPUT_BYTES) == 0);
        raised += results[0].state == SAFE_DETECTOR_ALARM;
        make_sample(2, i, sample);
        OK(safe_detector_step(&other.detector, sample, SAFE_SMALL_CHANNELS, &results[3]));
    }
    CHECK(raised > 5u);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        float sample[SAFE_SMALL_CHANNELS];

        make_sample(2, i, sample);
        OK(safe_detector_step(&alone.detector, sample, SAFE_SMALL_CHANNELS, &results[0]));
    }
    CHECK(equal(&results[0], &results[3]));
    return 0;
}

/** What one instance learned, another one goes on with, and so does the static form. */
static int saved_and_restored(void)
{
    uint8_t saved[SAFE_SMALL_DETECTOR_SAVED_BYTES];
    uint8_t again[SAFE_SMALL_DETECTOR_SAVED_BYTES];
    float sample[SAFE_SMALL_CHANNELS];
    safe_detector_result_t results[2];
    size_t length = 0;

    OK(safe_small_detector_init());
    CHECK(safe_small_detector_save(saved, sizeof saved, &length) == SAFE_STATUS_NOT_READY);
    for (uint32_t i = 0; i < LEARNED; i++) {
        make_sample(3, i, sample);
        OK(safe_small_detector_step(sample, &results[0]));
    }
    CHECK(safe_small_detector_save(saved, sizeof saved - 1u, &length) == SAFE_STATUS_ARGUMENT);
    OK(safe_small_detector_save(saved, sizeof saved, &length));
    CHECK(length == sizeof saved);
    OK(safe_small_detector_init()); /* a reset: all is forgotten */
    OK(safe_small_instance_init(&one));
    OK(safe_small_detector_restore(saved, length));
    OK(safe_detector_restore(&one.detector, saved, length));
    OK(safe_small_detector_save(again, sizeof again, &length));
    CHECK(memcmp(saved, again, sizeof saved) == 0);
    for (uint32_t i = LEARNED; i < 2u * LEARNED; i++) {
        make_sample(3, i, sample);
        OK(safe_small_detector_step(sample, &results[0]));
        OK(safe_detector_step(&one.detector, sample, SAFE_SMALL_CHANNELS, &results[1]));
        CHECK(equal(&results[0], &results[1]));
        CHECK(results[0].state != SAFE_DETECTOR_LEARN);
    }
    saved[20] ^= 1u;
    CHECK(safe_small_detector_restore(saved, length) == SAFE_STATUS_CORRUPT);
    return 0;
}

static int constants(void)
{
    CHECK(SAFE_SMALL_CHANNELS == safe_small_detector.channels);
    CHECK(SAFE_SMALL_CHANNEL_A == 0u && SAFE_SMALL_CHANNEL_C == 2u);
    CHECK(strcmp(safe_small_channel_names[SAFE_SMALL_CHANNEL_B], "b") == 0);
    CHECK(strcmp(safe_small_channel_units[SAFE_SMALL_CHANNEL_A], "\xC2\xB0"
                                                                 "C") == 0);
    CHECK(strcmp(safe_small_channel_units[SAFE_SMALL_CHANNEL_B], "") == 0);
    CHECK(strcmp(SAFE_SMALL_SAFE_VERSION, SAFE_VERSION) == 0);
    CHECK(SAFE_SMALL_PERIOD_US == 2000000u);
    CHECK(memcmp(&safe_small_detector.verdict.notice, &(float){SAFE_SMALL_NOTICE}, 4) == 0);
    CHECK(memcmp(&safe_small_detector.verdict.alarm, &(float){SAFE_SMALL_ALARM}, 4) == 0);
    CHECK(safe_small_detector.sensors.max_missed == SAFE_SMALL_MAX_MISSED);
    CHECK(safe_small_detector.baseline.learn_samples == SAFE_SMALL_LEARN_SAMPLES);
    return 0;
}

int main(void)
{
    return before_init() + same_results() + saved_and_restored() + constants();
}
