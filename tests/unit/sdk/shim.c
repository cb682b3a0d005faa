/* SPDX-License-Identifier: Apache-2.0 */
/* Flat functions over the SDK for ctypes, and a port whose time and reset are the test's. */
#include <string.h>

#include "safe/app.h"
#include "safe/detector_network.h"
#include "safe/port.h"
#include "safe/root.h"
#include "safe/saved.h"
#include "safe/scaler.h"
#include "safe/server.h"
#include "spoil.h"

static safe_context_t context;
static safe_detector_t detector;
static safe_server_t server;
static safe_frame_receiver_t receiver;
uint32_t shim_now_ms;
uint32_t shim_cycles;
bool shim_has_cycles;
uint32_t shim_invocations;
uint32_t shim_status = 0x12u;
bool shim_is_approximate;

uint32_t safe_port_status(void)
{
    return shim_status;
}

uint32_t safe_port_time_ms(void)
{
    return shim_now_ms;
}

bool safe_port_cycles(uint32_t *cycles)
{
    shim_cycles += 1000u;
    *cycles = shim_cycles;
    return shim_has_cycles;
}

bool safe_port_cycles_approximate(void)
{
    return shim_is_approximate;
}

uint32_t shim_baud; /* as it was set last */
uint32_t shim_most_baud = 1000000u;

uint32_t safe_port_baud(uint32_t baud)
{
    return baud >= 100000u && baud <= shim_most_baud ? baud : 0u;
}

void safe_port_set_baud(uint32_t baud)
{
    shim_baud = baud;
}

void shim_sent(void)
{
    safe_server_sent(&server, shim_now_ms);
}

uint32_t safe_port_clock_hz(void)
{
    return 168000000u;
}

uint32_t safe_port_stack_used_bytes(void)
{
    return 777u;
}

/** Binds a context to the image's model; `context` is filled in on success only. */
int shim_context_init(safe_context_t *bound)
{
    const safe_app_model_t *app = safe_app_model();

    return (int)safe_context_init(bound, app->model, app->arena, app->arena_bytes);
}

/** The context of the tiny model, which takes whole windows; after a start. */
const safe_context_t *shim_context(void)
{
    return &context;
}

static safe_detector_state_t told_state;

static void note_result(safe_status_t status, const safe_detector_result_t *result)
{
    (void)status;
    told_state = result->state;
}

static int start(uint32_t features, const safe_detector_config_t *config)
{
    const safe_app_model_t *app = safe_app_model();

    if (safe_context_init(&context, app->model, app->arena, app->arena_bytes) != SAFE_STATUS_OK ||
        safe_detector_init(&detector, config, &context, &app->memory) != SAFE_STATUS_OK) {
        return -1;
    }
    return (int)safe_server_init(
        &server, &context, (features & SAFE_FEATURE_STREAM) != 0u ? &detector : NULL,
        (features & SAFE_FEATURE_WINDOW) != 0u ? &safe_server_windows : NULL, note_result);
}

/** A round of an application's loop. @return whether all was told to be stale. */
bool shim_watch(uint32_t now_ms)
{
    told_state = SAFE_DETECTOR_WARMUP;
    safe_server_watch(&server, now_ms);
    return told_state == SAFE_DETECTOR_STALE;
}

/** Detector alone: what safe_detector_init says after the context was bound. */
int shim_detector_init(void)
{
    const safe_app_model_t *app = safe_app_model();

    return (int)safe_detector_init(&detector, app->detector, &context, &app->memory);
}

int shim_gap(void)
{
    return (int)safe_detector_gap(&detector);
}

int shim_start(uint32_t features)
{
    return start(features, safe_app_model()->detector);
}

/** Starts a detector of another configuration, which must outlive it. */
int shim_start_with(safe_detector_config_t *config)
{
    config->network = &safe_detector_network;
    return start(SAFE_FEATURE_STREAM, config);
}

int shim_reset(void)
{
    return (int)safe_detector_reset(&detector);
}

uint32_t shim_saved_bytes(void)
{
    return (uint32_t)safe_detector_saved_bytes(&detector);
}

int shim_save(uint8_t *bytes, uint32_t capacity, uint32_t *length)
{
    size_t written = 0;
    safe_status_t status = safe_detector_save(&detector, bytes, capacity, &written);

    *length = (uint32_t)written;
    return (int)status;
}

int shim_restore(const uint8_t *bytes, uint32_t length)
{
    return (int)safe_detector_restore(&detector, bytes, length);
}

int shim_set_phase(uint32_t sample_of_day)
{
    return (int)safe_detector_set_phase(&detector, sample_of_day);
}

int shim_stale(void)
{
    return (int)safe_detector_stale(&detector);
}

int shim_missed(uint32_t count)
{
    return (int)safe_detector_missed(&detector, count);
}

/** Counters as after a very long run. */
void shim_age(uint32_t samples, uint32_t raised)
{
    detector.samples = samples;
    detector.verdict.raised = raised;
}

/** Feeds bytes; appends every reply to `out`. @return bytes in `out`. */
size_t shim_feed(const uint8_t *bytes, size_t length, uint8_t *out, size_t capacity)
{
    size_t total = 0;

    for (size_t i = 0; i < length; i++) {
        size_t reply = safe_server_feed(&server, bytes[i], shim_now_ms);

        if (reply != 0u && total + reply <= capacity) {
            memcpy(&out[total], server.out, reply);
            total += reply;
        }
    }
    return total;
}

size_t shim_idle(uint8_t *out)
{
    size_t reply = safe_server_idle(&server, shim_now_ms);

    memcpy(out, server.out, reply);
    return reply;
}

bool shim_reset_requested(void)
{
    return server.reset_requested;
}

/** One sample through the detector: words = index, state, has_forecast, is_missing, event, the
 * forms, score, limit, crc, masked_count, drift, top[4], masked[4]. */
int shim_step(const float *sample, uint32_t channels, uint32_t *words)
{
    safe_detector_result_t result = {0};
    safe_status_t status = safe_detector_step(&detector, sample, channels, &result);

    words[0] = result.index;
    words[1] = (uint32_t)result.state;
    words[2] = result.has_forecast ? 1u : 0u;
    words[3] = result.is_missing ? 1u : 0u;
    words[4] = result.event;
    memcpy(&words[5], result.forms, sizeof result.forms);
    memcpy(&words[9], &result.score, 4);
    memcpy(&words[10], &result.limit, 4);
    words[11] = result.has_forecast ? safe_crc32(0, safe_context_output(&context, 0),
                                                 context.model->outputs[0].size_bytes)
                                    : 0u;
    words[12] = result.masked_count;
    words[13] = result.drift;
    for (size_t i = 0; i < SAFE_DETECTOR_TOP; i++) {
        words[14u + i] = result.top[i];
        words[18u + i] = result.masked[i];
    }
    return (int)status;
}

/** Tries a configuration with one field spoiled. @return the status of safe_detector_init. */
int shim_init_spoiled(uint32_t field)
{
    const safe_app_model_t *app = safe_app_model();
    safe_detector_config_t config = *app->detector;
    safe_detector_memory_t memory = app->memory;

    spoil(field, &config, &memory);
    return (int)safe_detector_init(&detector, &config, &context, &memory);
}

float shim_root(float value)
{
    return safe_root_by_integers(value);
}

int32_t shim_quantize(float z, float clip, float inv_scale, int32_t zero_point)
{
    return safe_scaler_quantize(z, clip, inv_scale, zero_point);
}

size_t shim_encode(uint8_t type, uint8_t seq, uint8_t flags, const uint8_t *payload, size_t length,
                   uint8_t *line, size_t capacity)
{
    safe_frame_writer_t writer;

    safe_frame_begin(&writer, line, capacity, type, seq, flags);
    safe_frame_put(&writer, payload, length);
    return safe_frame_end(&writer);
}

void shim_receiver_clear(void)
{
    memset(&receiver, 0, sizeof receiver);
}

/** Receives one byte. @return event; on FRAME `out` holds type, seq, flags, payload. */
int shim_receive(uint8_t byte, uint8_t *out, size_t *length, int *error)
{
    safe_frame_t frame = {0};
    safe_frame_event_t event = safe_frame_receive(&receiver, byte, shim_now_ms, &frame);

    *error = (int)receiver.error;
    if (event == SAFE_FRAME_EVENT_FRAME) {
        out[0] = frame.type;
        out[1] = frame.seq;
        out[2] = frame.flags;
        memcpy(&out[3], frame.payload, frame.length);
        *length = 3u + frame.length;
    }
    return (int)event;
}

int shim_receiver_idle(void)
{
    return (int)safe_frame_idle(&receiver, shim_now_ms);
}
