/* SPDX-License-Identifier: Apache-2.0 */
/* For a host that watches a product with sensors of its own: each sample and its record in a frame.
 *
 * A frame leaves in pieces between two looks at the clock, so that a slow line delays no read. A
 * sample that comes while one still leaves is left out; its index tells. */
#include "app.h"

#include "safe/app.h"
#include "safe/compiler.h"
#include "safe/port.h"

/** Bytes that are written before the next look at the clock: 1.4 ms at 115200 baud. */
#define PIECE_BYTES 16u
/** index, cycles and record before the values. */
#define HEAD_BYTES (8u + SAFE_SAMPLE_RECORD_BYTES)

/** What CONTROL asks for. */
#define CONTROL_RELEARN 1u
#define CONTROL_SAVE 2u

/** The frame on its way. Only the main loop touches it. */
static struct {
    safe_server_t *server; /**< Null: nobody may watch. */
    bool is_on;
    bool has_relearned; /**< The next record tells. */
    uint8_t seq;
    uint8_t state; /**< That of the last record. */
    uint32_t next; /**< Index of the next sample. */
    size_t leaving, left;
    uint8_t line[SAFE_FRAME_MAX_LINE];
} watching;

static bool is_sending(void)
{
    return watching.left < watching.leaving;
}

bool safe_app_send_piece(void)
{
    if (is_sending()) {
        size_t rest = watching.leaving - watching.left;
        size_t length = rest < PIECE_BYTES ? rest : PIECE_BYTES;

        safe_app_write(&watching.line[watching.left], length);
        watching.left += length;
    }
    return is_sending();
}

void safe_app_end_frame(void)
{
    while (safe_app_send_piece()) {
    }
}

void safe_app_show(uint32_t index, uint32_t cycles, safe_status_t status,
                   safe_detector_result_t *result, const float *sample)
{
    uint16_t channels;
    safe_frame_writer_t writer;

    if (watching.server == NULL) {
        return;
    }
    if (watching.has_relearned) {
        result->event |= SAFE_DETECTOR_FORGOTTEN;
        watching.has_relearned = false;
    }
    watching.state = (uint8_t)result->state;
    watching.next = index + 1u;
    if (!watching.is_on || is_sending()) {
        return;
    }
    channels = watching.server->detector->config->channels;
    safe_frame_begin(&writer, watching.line, sizeof watching.line,
                     SAFE_MESSAGE_VERDICT | SAFE_MESSAGE_REPLY, watching.seq++, 0);
    safe_frame_put_u32(&writer, index);
    safe_frame_put_u32(&writer, cycles);
    safe_server_put_record(watching.server, &writer, status, result);
    safe_frame_put(&writer, sample, channels * sizeof(float));
    watching.leaving = safe_frame_end(&writer);
    watching.left = 0;
}

static safe_status_t switch_stream(const safe_frame_t *request, safe_frame_writer_t *reply)
{
    const safe_detector_config_t *config = watching.server->detector->config;

    if (request->length != 1u) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    if (request->payload[0] > 1u) {
        return SAFE_STATUS_ARGUMENT;
    }
    watching.is_on = request->payload[0] == 1u;
    safe_frame_put_u16(reply, config->channels);
    safe_frame_put_u32(reply, config->period_us);
    safe_frame_put_u32(reply, watching.next);
    return SAFE_STATUS_OK;
}

/** A save of the baseline is due, as after the learning. */
static safe_status_t ask_for_save(void)
{
    const safe_app_keeper_t *keeper = safe_app_model()->keeper;
    safe_detector_result_t learned = {.event = SAFE_DETECTOR_LEARNED};

    if (keeper == NULL || safe_port_store() == NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    learned.state = (safe_detector_state_t)watching.state;
    keeper->note(&learned);
    return SAFE_STATUS_OK;
}

static safe_status_t control(const safe_frame_t *request)
{
    safe_status_t status;

    if (request->length != 2u) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    if (request->payload[1] != watching.state) {
        return SAFE_STATUS_ARGUMENT; /* whoever asks has not seen the present state */
    }
    switch (request->payload[0]) {
    case CONTROL_RELEARN:
        status = safe_detector_reset(watching.server->detector);
        watching.has_relearned = status == SAFE_STATUS_OK;
        return status;
    case CONTROL_SAVE:
        return ask_for_save();
    default:
        return SAFE_STATUS_ARGUMENT;
    }
}

/** The requests of who watches. */
static safe_status_t take_request(const safe_frame_t *request, safe_frame_writer_t *reply)
{
    switch (request->type) {
    case SAFE_MESSAGE_WATCH:
        return switch_stream(request, reply);
    case SAFE_MESSAGE_CONTROL:
        return control(request);
    default:
        return SAFE_STATUS_UNKNOWN_MESSAGE;
    }
}

SAFE_COLD void safe_app_offer_watch(safe_server_t *server)
{
    if (HEAD_BYTES + sizeof(float) * server->detector->config->channels > SAFE_FRAME_MAX_PAYLOAD) {
        return;
    }
    watching.server = server;
    server->own = take_request;
    server->features |= SAFE_FEATURE_WATCH;
}
