/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/server.h"

#include <string.h>

#include "safe/compiler.h"
#include "safe/port.h"
#include "safe/version.h"
#include "server_internal.h"

#define NAME_BYTES 32u
#define VERSION_BYTES 16u
/** A line that can change its rate can run at this one. */
#define LEAST_BAUD 115200u

static const safe_model_t *model_of(const safe_server_t *server)
{
    return server->context->model;
}

static void put_text(safe_frame_writer_t *writer, const char *text, size_t width)
{
    const uint8_t zero = 0;
    size_t length = 0;

    while (length < width && text[length] != '\0') {
        length++;
    }
    safe_frame_put(writer, text, length);
    for (size_t i = length; i < width; i++) {
        safe_frame_put(writer, &zero, 1);
    }
}

static void clear_session(safe_server_t *server)
{
    server->upload = SAFE_UPLOAD_NONE;
    server->stream_open = false;
    server->timing = (safe_timing_t){0};
    server->timing.min_cycles = UINT32_MAX;
}

SAFE_COLD static safe_status_t handle_hello(safe_server_t *server, const safe_frame_t *request,
                                            safe_frame_writer_t *reply)
{
    const safe_model_t *model = model_of(server);
    const safe_detector_config_t *chain =
        server->detector == NULL ? NULL : server->detector->config;
    uint32_t session;

    if (request->length != SAFE_TOKEN_BYTES) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    session = safe_get_u32(request->payload);
    if (session == 0u) {
        return SAFE_STATUS_ARGUMENT;
    }
    safe_frame_put_u16(reply, SAFE_PROTOCOL_VERSION);
    safe_frame_put_u16(reply, (uint16_t)model->abi);
    safe_frame_put_u32(reply, session);
    safe_frame_put_u32(reply, server->session);
    safe_frame_put_u32(reply, safe_port_time_ms());
    safe_frame_put_u32(reply, safe_port_status());
    safe_frame_put_u32(reply, safe_port_clock_hz());
    safe_frame_put_u32(reply, server->features);
    safe_frame_put_u32(reply, model->arena_bytes);
    safe_frame_put_u32(reply, model->weight_bytes);
    safe_frame_put_u32(reply, model->input_count == 0u ? 0u : model->inputs[0].size_bytes);
    safe_frame_put_u32(reply, model->output_count == 0u ? 0u : model->outputs[0].size_bytes);
    safe_frame_put_u16(reply, SAFE_FRAME_MAX_PAYLOAD);
    safe_frame_put_u16(reply, chain == NULL ? 0u : chain->channels);
    safe_frame_put_u16(reply, chain == NULL ? 0u : chain->window);
    safe_frame_put_u16(reply, chain == NULL ? 0u : chain->horizon);
    safe_frame_put(reply, model->sha256, sizeof model->sha256);
    put_text(reply, SAFE_VERSION, VERSION_BYTES);
    put_text(reply, model->name, NAME_BYTES);
    safe_frame_put_u32(reply, chain == NULL ? 0u : chain->period_us);
    safe_frame_put_u32(reply, chain == NULL ? 0u : safe_detector_stale_ms(chain));
    safe_frame_put_u32(reply, chain == NULL ? 0u : chain->day_samples);
    clear_session(server);
    server->session = session;
    return SAFE_STATUS_OK;
}

static safe_status_t handle_ping(safe_server_t *server, const safe_frame_t *request,
                                 safe_frame_writer_t *reply)
{
    (void)server;
    safe_frame_put(reply, request->payload, request->length);
    return SAFE_STATUS_OK;
}

static safe_status_t handle_stats(safe_server_t *server, const safe_frame_t *request,
                                  safe_frame_writer_t *reply)
{
    if (request->length != 0u) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    safe_frame_put_u32(reply, safe_port_time_ms());
    safe_frame_put_u32(reply, safe_port_status());
    safe_frame_put_u32(reply, safe_port_stack_used_bytes());
    safe_frame_put_u32(reply, server->frames);
    safe_frame_put_u32(reply, server->frame_errors);
    safe_frame_put_u32(reply, server->repeats);
    safe_server_line_watch(server, safe_port_time_ms());
    safe_frame_put_u32(reply, server->line_since_ms);
    safe_frame_put_u32(reply, server->line_error_ms);
    return SAFE_STATUS_OK;
}

static safe_status_t handle_reset(safe_server_t *server, const safe_frame_t *request,
                                  safe_frame_writer_t *reply)
{
    (void)reply;
    if (request->length != SAFE_TOKEN_BYTES) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    if (safe_get_u32(request->payload) != server->session) {
        return SAFE_STATUS_NO_SESSION; /* it is over: the restart that ended it was this one's */
    }
    server->reset_requested = true;
    return SAFE_STATUS_OK;
}

/** One message: what it needs and who carries it out. */
typedef struct message_entry {
    uint8_t type;
    bool needs_session;
    uint32_t feature;
    safe_server_handler_t *handler; /**< Null: see window_handler. */
} message_entry_t;

static const message_entry_t messages[] = {
    {SAFE_MESSAGE_HELLO, false, 0, handle_hello},
    {SAFE_MESSAGE_PING, false, 0, handle_ping},
    {SAFE_MESSAGE_STATS, false, 0, handle_stats},
    {SAFE_MESSAGE_RESET, true, 0, handle_reset},
    {SAFE_MESSAGE_BAUD, false, SAFE_FEATURE_BAUD, safe_server_handle_baud},
    {SAFE_MESSAGE_WINDOW, true, SAFE_FEATURE_WINDOW, NULL},
    {SAFE_MESSAGE_INFER, true, SAFE_FEATURE_WINDOW, NULL},
    {SAFE_MESSAGE_RESULT, true, SAFE_FEATURE_WINDOW, NULL},
    {SAFE_MESSAGE_TIMING, true, SAFE_FEATURE_WINDOW, NULL},
    {SAFE_MESSAGE_STREAM_RESET, true, SAFE_FEATURE_STREAM, safe_server_handle_stream_reset},
    {SAFE_MESSAGE_SAMPLE, true, SAFE_FEATURE_STREAM, safe_server_handle_sample},
    {SAFE_MESSAGE_STREAM_RESUME, true, SAFE_FEATURE_STREAM, safe_server_handle_stream_resume},
    {SAFE_MESSAGE_RELEARN, true, SAFE_FEATURE_STREAM, safe_server_handle_relearn},
};

/** Returns who carries out a request on windows; they are offered. */
static safe_server_handler_t *window_handler(const safe_server_windows_t *windows, uint8_t type)
{
    switch (type) {
    case SAFE_MESSAGE_WINDOW:
        return windows->window;
    case SAFE_MESSAGE_INFER:
        return windows->infer;
    case SAFE_MESSAGE_RESULT:
        return windows->result;
    default:
        return windows->timing;
    }
}

static safe_status_t dispatch(safe_server_t *server, const safe_frame_t *request,
                              safe_frame_writer_t *reply)
{
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        const message_entry_t *entry = &messages[i];

        if (entry->type == request->type) {
            if ((entry->feature & ~server->features) != 0u) {
                return SAFE_STATUS_UNSUPPORTED;
            }
            if (entry->needs_session && server->session == 0u) {
                return SAFE_STATUS_NO_SESSION;
            }
            if (entry->handler == NULL) {
                return window_handler(server->windows, entry->type)(server, request, reply);
            }
            return entry->handler(server, request, reply);
        }
    }
    if (server->own == NULL) {
        return SAFE_STATUS_UNKNOWN_MESSAGE;
    }
    return server->session == 0u ? SAFE_STATUS_NO_SESSION : server->own(request, reply);
}

static size_t write_error(uint8_t *line, size_t capacity, uint8_t seq, safe_status_t status,
                          uint8_t answers)
{
    safe_frame_writer_t writer;

    safe_frame_begin(&writer, line, capacity, SAFE_MESSAGE_ERROR | SAFE_MESSAGE_REPLY, seq, 0);
    safe_frame_put_u16(&writer, (uint16_t)status);
    safe_frame_put_u16(&writer, answers);
    return safe_frame_end(&writer);
}

static size_t answer(safe_server_t *server, const safe_frame_t *request)
{
    safe_frame_writer_t writer;
    safe_status_t status;

    server->frames++;
    server->out = server->reply;
    if (server->has_last && request->type == server->last_type &&
        request->seq == server->last_seq && request->crc == server->last_crc) {
        server->repeats++;
        return server->reply_bytes;
    }
    safe_frame_begin(&writer, server->reply, sizeof server->reply,
                     request->type | SAFE_MESSAGE_REPLY, request->seq, 0);
    status = dispatch(server, request, &writer);
    if (status == SAFE_STATUS_OK) {
        server->reply_bytes = safe_frame_end(&writer);
    } else {
        server->reply_bytes =
            write_error(server->reply, sizeof server->reply, request->seq, status, request->type);
    }
    server->has_last = true;
    server->last_type = request->type;
    server->last_seq = request->seq;
    server->last_crc = request->crc;
    return server->reply_bytes;
}

/** Tells the host at once that a frame was damaged, so that it need not wait for its time-out. */
static size_t notice_error(safe_server_t *server)
{
    server->frame_errors++;
    server->out = server->notice;
    return write_error(server->notice, sizeof server->notice, 0, server->receiver.error, 0);
}

SAFE_COLD safe_status_t safe_server_init(safe_server_t *server, const safe_context_t *context,
                                         safe_detector_t *detector,
                                         const safe_server_windows_t *windows,
                                         safe_sample_hook_t hook)
{
    uint32_t cycles;

    if (server == NULL || context == NULL || context->model == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (context->model->input_count == 0u || context->model->output_count == 0u) {
        windows = NULL;
    }
    if (detector != NULL && (detector->config->channels > SAFE_SERVER_MAX_CHANNELS ||
                             SAFE_CHUNK_HEADER_BYTES + 4u * (size_t)detector->config->channels >
                                 SAFE_FRAME_MAX_PAYLOAD)) {
        return SAFE_STATUS_ARGUMENT;
    }
    (void)memset(server, 0, sizeof *server);
    server->context = context;
    server->detector = detector;
    server->hook = hook;
    server->windows = windows;
    server->features = windows == NULL ? 0u : SAFE_FEATURE_WINDOW;
    server->features |= detector == NULL ? 0u : SAFE_FEATURE_STREAM;
    server->features |= (context->model->backend & SAFE_FEATURE_BACKEND_MASK)
                        << SAFE_FEATURE_BACKEND_SHIFT;
    if (safe_port_cycles(&cycles)) {
        server->features |= SAFE_FEATURE_CYCLES;
        server->features |= safe_port_cycles_approximate() ? SAFE_FEATURE_APPROXIMATE : 0u;
    }
    if (safe_port_baud(LEAST_BAUD) != 0u) {
        server->features |= SAFE_FEATURE_BAUD;
    }
    clear_session(server);
    return SAFE_STATUS_OK;
}

size_t safe_server_feed(safe_server_t *server, uint8_t byte, uint32_t now_ms)
{
    safe_frame_t request;
    safe_frame_event_t event = safe_frame_receive(&server->receiver, byte, now_ms, &request);

    safe_server_rate_note(server, event == SAFE_FRAME_EVENT_FRAME, now_ms);
    switch (event) {
    case SAFE_FRAME_EVENT_FRAME:
        return answer(server, &request);
    case SAFE_FRAME_EVENT_ERROR:
        return notice_error(server);
    case SAFE_FRAME_EVENT_NONE:
    default:
        return 0;
    }
}

size_t safe_server_idle(safe_server_t *server, uint32_t now_ms)
{
    safe_server_rate_watch(server, now_ms);
    safe_server_line_watch(server, now_ms);
    return safe_frame_idle(&server->receiver, now_ms) == SAFE_FRAME_EVENT_ERROR
               ? notice_error(server)
               : 0u;
}
