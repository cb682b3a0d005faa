/* SPDX-License-Identifier: Apache-2.0 */
/* Sensors by the clock, on a clock of our own: what the detector is given is what it would be given
 * by hand, whatever a read costs or says. Ends with the failing line. */
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "safe/port.h"
#include "safe/sensor.h"
#include "safe/ticker.h"
#include "safe_small_detector.h"

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("line %d: %s\nsaid: %s\n", __LINE__, #x, said);                                 \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)
#define OK(x) CHECK((x) == SAFE_STATUS_OK)
#define PERIOD_MS (SAFE_SMALL_PERIOD_US / 1000u)
/** The clock wraps in the second period. */
#define START_MS (UINT32_MAX - PERIOD_MS - 3u)

static char said[4096];
static uint32_t now_ms = START_MS;
static safe_status_t start_says = SAFE_STATUS_OK;
static safe_status_t read_says = SAFE_STATUS_OK;
static uint32_t read_takes_ms;
static uint32_t reads;
static uint32_t hooks;
static safe_detector_result_t last;
static safe_status_t last_status;

static safe_small_instance_t sensed;
static safe_small_instance_t by_hand;
static float buffer[SAFE_SMALL_CHANNELS];

uint32_t safe_port_time_ms(void)
{
    return now_ms;
}

void safe_app_print(const char *text)
{
    strcat(said, text);
}

void safe_app_print_u32(uint32_t value)
{
    sprintf(said + strlen(said), "%u", (unsigned)value);
}

static uint32_t shown;
static uint32_t shown_index;
static safe_status_t shown_status;
static safe_detector_result_t shown_result;
static float shown_sample[SAFE_SMALL_CHANNELS];

bool safe_port_cycles(uint32_t *cycles)
{
    *cycles = 0;
    return false;
}

void safe_app_show(uint32_t index, uint32_t cycles, safe_status_t status,
                   safe_detector_result_t *result, const float *sample)
{
    (void)cycles;
    shown++;
    shown_index = index;
    shown_status = status;
    shown_result = *result;
    memcpy(shown_sample, sample, sizeof shown_sample);
}

bool safe_app_send_piece(void)
{
    return false;
}

static void make_sample(uint32_t index, float *sample)
{
    for (uint32_t c = 0; c < SAFE_SMALL_CHANNELS; c++) {
        sample[c] = (float)((index * 37u + c * 11u) % 19u) / 19.0f;
    }
}

safe_status_t safe_sensor_start(void)
{
    return start_says;
}

safe_status_t safe_sensor_read(float *sample)
{
    make_sample(reads, sample);
    reads++;
    now_ms += read_takes_ms;
    return read_says;
}

static void hook(safe_status_t status, const safe_detector_result_t *result)
{
    hooks++;
    last = *result;
    last_status = status;
}

/** A sample is due: the detector by hand takes the same, after the samples that were missed. */
static int take_now(uint32_t missed_before)
{
    uint32_t before = hooks;
    float sample[SAFE_SMALL_CHANNELS];
    safe_detector_result_t expected;

    make_sample(reads, sample);
    safe_app_take_due();
    CHECK(hooks == before + 1u);
    if (missed_before != 0u) {
        OK(safe_detector_missed(&by_hand.detector, missed_before));
    }
    OK(safe_detector_step(&by_hand.detector, sample, SAFE_SMALL_CHANNELS, &expected));
    CHECK(last_status == SAFE_STATUS_OK && last.index == expected.index);
    CHECK(memcmp(&last.score, &expected.score, sizeof last.score) == 0);
    CHECK(last.state == expected.state && last.event == expected.event);
    CHECK(shown_status == SAFE_STATUS_OK && shown_result.index == expected.index);
    CHECK(memcmp(shown_sample, sample, sizeof sample) == 0);
    return 0;
}

/** One period passes; nothing is due before it is over. */
static int one_period(uint32_t missed_before)
{
    uint32_t before = hooks;

    safe_app_take_due();
    now_ms += PERIOD_MS - 1u;
    safe_app_take_due();
    CHECK(hooks == before);
    now_ms += 1u;
    return take_now(missed_before);
}

static int ticks_keep_their_number(void)
{
    safe_ticker_t ticker;
    uint32_t ticks = 0;

    safe_ticker_start(&ticker, 1700u, UINT32_MAX - 9u);
    for (uint32_t ms = 1; ms <= 1700u; ms += 7u) {
        ticks += safe_ticker_take(&ticker, UINT32_MAX - 9u + ms);
        CHECK(ticks == ms * 1000u / 1700u);
    }
    safe_ticker_start(&ticker, 0u, 0u);
    CHECK(safe_ticker_take(&ticker, 5000u) == 0u);
    safe_ticker_start(&ticker, 1u, 0u);
    CHECK(safe_ticker_take(&ticker, UINT32_MAX) == SAFE_TICKER_MOST);
    CHECK(safe_ticker_take(&ticker, 0u) == 1000u);
    safe_ticker_start(&ticker, UINT32_MAX, 0u);
    CHECK(safe_ticker_take(&ticker, 4294967u) == 0u);
    CHECK(safe_ticker_take(&ticker, 4294968u) == 1u);
    return 0;
}

static int no_sensors(void)
{
    start_says = SAFE_STATUS_UNSUPPORTED;
    CHECK(!safe_app_start_sensing(&sensed.detector, buffer, hook));
    now_ms += 10u * PERIOD_MS;
    safe_app_take_due();
    CHECK(reads == 0u && said[0] == '\0');
    start_says = SAFE_STATUS_TIMEOUT; /* it may come up later */
    CHECK(safe_app_start_sensing(&sensed.detector, buffer, hook));
    CHECK(strcmp(said, "safe sensor=failed because: a bounded wait ran out\r\n") == 0);
    start_says = SAFE_STATUS_OK;
    said[0] = '\0';
    now_ms = START_MS;
    return 0;
}

/** Reads that end in time, one that takes three and a half periods, and two that fail. */
static int reads_of_all_kinds(void)
{
    CHECK(safe_app_start_sensing(&sensed.detector, buffer, hook));
    for (uint32_t i = 0; i < 70u; i++) {
        if (one_period(0u) != 0) {
            return 1;
        }
    }
    CHECK(strcmp(said, "safe sensor=started\r\n") == 0);
    said[0] = '\0';
    read_takes_ms = 3u * PERIOD_MS + PERIOD_MS / 2u;
    if (one_period(0u) != 0) {
        return 1;
    }
    read_takes_ms = 0;
    if (take_now(2u) != 0) { /* three ticks came meanwhile: the last one is this sample's */
        return 1;
    }
    now_ms += PERIOD_MS / 2u;
    if (take_now(0u) != 0) {
        return 1;
    }
    CHECK(strcmp(said, "safe sensor=late missed=2\r\n") == 0);
    said[0] = '\0';
    read_says = SAFE_STATUS_TIMEOUT;
    for (uint32_t i = 0; i < 2u; i++) {
        safe_detector_result_t before = shown_result;
        uint32_t index = shown_index;

        now_ms += PERIOD_MS;
        safe_app_take_due();
        CHECK(shown_index == index + 1u && shown_status == SAFE_STATUS_TIMEOUT);
        CHECK(shown_result.is_missing && shown_result.state == before.state);
        CHECK(shown_sample[0] != shown_sample[0]); /* not a number */
    }
    CHECK(strcmp(said, "safe sensor=failed because: a bounded wait ran out\r\n") == 0);
    said[0] = '\0';
    read_says = SAFE_STATUS_OK;
    if (one_period(2u) != 0) {
        return 1;
    }
    CHECK(strcmp(said, "safe sensor=ok\r\n") == 0);
    return 0;
}

/** Without a sample for long enough all is stale: told once, and by the next sample's event. */
static int silence(void)
{
    uint32_t before = hooks;
    float sample[SAFE_SMALL_CHANNELS];
    safe_detector_result_t expected;

    read_says = SAFE_STATUS_TIMEOUT;
    for (uint32_t i = 1; i <= 2u * SAFE_SMALL_STALE_SAMPLES; i++) {
        now_ms += PERIOD_MS;
        safe_app_take_due();
        CHECK(hooks == before + (i >= SAFE_SMALL_STALE_SAMPLES ? 1u : 0u));
    }
    CHECK(shown_result.state == SAFE_DETECTOR_STALE);
    CHECK(last.state == SAFE_DETECTOR_STALE && last.top[0] == SAFE_DETECTOR_NO_CHANNEL);
    read_says = SAFE_STATUS_OK;
    OK(safe_detector_stale(&by_hand.detector));
    make_sample(reads, sample);
    OK(safe_detector_step(&by_hand.detector, sample, SAFE_SMALL_CHANNELS, &expected));
    now_ms += PERIOD_MS;
    safe_app_take_due();
    CHECK(last.event == SAFE_DETECTOR_SILENCE && expected.event == SAFE_DETECTOR_SILENCE);
    return one_period(0u);
}

int main(void)
{
    OK(safe_small_instance_init(&sensed));
    OK(safe_small_instance_init(&by_hand));
    return ticks_keep_their_number() + no_sensors() + reads_of_all_kinds() + silence();
}
