/* SPDX-License-Identifier: Apache-2.0 */
/* Samples from the product's own sensors, one in each period of the model. */
#include "app.h"

#include <math.h>

#include "safe/port.h"
#include "safe/sensor.h"
#include "safe/ticker.h"

/** What is needed to take a sample when its tick comes. */
typedef struct sensing {
    safe_detector_t *detector; /**< Null: samples come over the line. */
    safe_sample_hook_t hook;
    float *sample; /**< [channels] */
    safe_ticker_t ticker;
    safe_status_t status; /**< What the last read said. */
    uint32_t ticks;       /**< Since the start. */
    uint32_t missing;     /**< Samples missing in a row; stays at its largest. */
    bool was_late;
    safe_detector_result_t said; /**< The last result. */
} sensing_t;

static sensing_t sensing;

/** Says what became of the sensors, e.g. "safe sensor=failed because: …". */
static void tell(const char *what, safe_status_t status)
{
    safe_app_print("safe sensor=");
    safe_app_print(what);
    if (status != SAFE_STATUS_OK) {
        safe_app_print(" because: ");
        safe_app_print(safe_status_text(status));
    }
    safe_app_print("\r\n");
}

bool safe_app_start_sensing(safe_detector_t *detector, float *sample, safe_sample_hook_t hook)
{
    safe_status_t status = safe_sensor_start();

    if (status == SAFE_STATUS_UNSUPPORTED) {
        return false;
    }
    sensing = (sensing_t){.detector = detector, .hook = hook, .sample = sample, .status = status};
    sensing.said = safe_detector_silence();
    sensing.said.state = SAFE_DETECTOR_WARMUP;
    safe_ticker_start(&sensing.ticker, detector->config->period_us, safe_port_time_ms());
    tell(status == SAFE_STATUS_OK ? "started" : "failed", status);
    return true;
}

/** Counts missing samples. @return whether these are the ones with which all is stale. */
static bool count_missing(uint32_t count)
{
    uint32_t limit = sensing.detector->config->stale_samples;
    uint32_t before = sensing.missing;

    sensing.missing += count < UINT32_MAX - before ? count : UINT32_MAX - before;
    return before < limit && sensing.missing >= limit;
}

/** Tells the detector of samples that did not come, and the application once that all is stale. */
static void take_missed(uint32_t count)
{
    safe_status_t status = SAFE_STATUS_OK;

    if (count != 0u) {
        status = safe_detector_missed(sensing.detector, count);
    }
    if (count_missing(count) && status == SAFE_STATUS_OK) {
        safe_detector_result_t silence = safe_detector_silence();

        status = safe_detector_stale(sensing.detector);
        sensing.said = silence;
        sensing.hook(status, &silence);
    }
    if (status != SAFE_STATUS_OK) {
        tell("not-bridged", status);
    }
}

/** Says once that ticks passed while the program was busy: in a read, a step, or with the host. */
static void tell_lateness(uint32_t missed)
{
    if (missed != 0u && !sensing.was_late) {
        safe_app_print("safe sensor=late missed=");
        safe_app_print_u32(missed);
        safe_app_print("\r\n");
    }
    sensing.was_late = missed != 0u;
}

/** What the detector has to say when a read failed: what it said before, of a missing sample. */
static void show_missing(safe_status_t status)
{
    sensing.said.is_missing = true;
    sensing.said.has_forecast = false;
    sensing.said.event = 0;
    for (size_t c = 0; c < sensing.detector->config->channels; c++) {
        sensing.sample[c] = NAN;
    }
    safe_app_show(sensing.ticks - 1u, 0, status, &sensing.said, sensing.sample);
}

/** Takes a sample through the detector and shows it. */
static void take_sample(void)
{
    uint32_t begin = 0;
    uint32_t end = 0;
    bool counted = safe_port_cycles(&begin);
    safe_status_t status = safe_detector_step(sensing.detector, sensing.sample,
                                              sensing.detector->config->channels, &sensing.said);

    counted = safe_port_cycles(&end) && counted;
    safe_app_show(sensing.ticks - 1u, counted ? end - begin : 0u, status, &sensing.said,
                  sensing.sample);
    sensing.hook(status, &sensing.said);
}

/** Takes the sample of a tick, if one is due. */
static void take_tick(void)
{
    uint32_t ticks = safe_ticker_take(&sensing.ticker, safe_port_time_ms());
    safe_status_t status;

    if (ticks == 0u) {
        return;
    }
    sensing.ticks += ticks;
    tell_lateness(ticks - 1u);
    status = safe_sensor_read(sensing.sample);
    if (status != sensing.status) {
        tell(status == SAFE_STATUS_OK ? "ok" : "failed", status);
        sensing.status = status;
    }
    if (status != SAFE_STATUS_OK) {
        take_missed(ticks);
        show_missing(status);
        return;
    }
    take_missed(ticks - 1u);
    sensing.missing = 0;
    take_sample();
}

void safe_app_take_due(void)
{
    if (sensing.detector == NULL) {
        return;
    }
    take_tick();
    while (safe_app_send_piece()) {
        take_tick();
    }
}
