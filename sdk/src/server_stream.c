/* SPDX-License-Identifier: Apache-2.0 */
/* Requests on a stream of raw samples. */
#include <string.h>

#include "safe/port.h"
#include "server_internal.h"

/** A sample came, or may come from now on. */
static void note_sample(safe_server_t *server)
{
    server->stream_ms = safe_port_time_ms();
    server->stream_stale = false;
}

/** Opens a stream; the detector forgets all, or recent samples only. */
static safe_status_t open_stream(safe_server_t *server, const safe_frame_t *request,
                                 safe_frame_writer_t *reply, bool forgets)
{
    uint32_t phase;
    uint32_t pace;
    safe_status_t status = SAFE_STATUS_OK;

    if (request->length != SAFE_TOKEN_BYTES + sizeof phase + sizeof pace) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    phase = safe_get_u32(&request->payload[SAFE_TOKEN_BYTES]);
    pace = safe_get_u32(&request->payload[SAFE_TOKEN_BYTES + sizeof phase]);
    if (pace != SAFE_PACE_PLANT && pace != SAFE_PACE_REPLAY) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (phase != SAFE_NO_PHASE) {
        status = safe_detector_set_phase(server->detector, phase);
    }
    if (status != SAFE_STATUS_OK) {
        return status;
    }
    status = forgets ? safe_detector_reset(server->detector) : safe_detector_gap(server->detector);
    server->stream_open = status == SAFE_STATUS_OK;
    if (status != SAFE_STATUS_OK) {
        return status;
    }
    server->stream_token = safe_get_u32(request->payload);
    server->stream_next = 0;
    server->stream_state = (uint8_t)SAFE_DETECTOR_WARMUP;
    server->has_relearned = false;
    server->stream_watched = pace == SAFE_PACE_PLANT;
    note_sample(server);
    safe_frame_put_u32(reply, server->stream_token);
    return SAFE_STATUS_OK;
}

void safe_server_watch(safe_server_t *server, uint32_t now_ms)
{
    safe_detector_result_t result = safe_detector_silence();
    safe_status_t status = SAFE_STATUS_OK;
    int32_t stale_ms;

    if (!server->stream_watched || server->stream_stale) {
        return;
    }
    stale_ms = (int32_t)safe_detector_stale_ms(server->detector->config);
    /* A sample may have come later than `now_ms` was read: the difference has a sign. */
    if (stale_ms == 0 || (int32_t)(now_ms - server->stream_ms) < stale_ms) {
        return;
    }
    server->stream_stale = true;
    if (server->stream_open) { /* else the arena is a window's, and the next stream starts anew */
        status = safe_detector_stale(server->detector);
        server->stream_open = status == SAFE_STATUS_OK;
    }
    if (server->hook != NULL) {
        server->hook(status, &result);
    }
}

safe_status_t safe_server_handle_stream_reset(safe_server_t *server, const safe_frame_t *request,
                                              safe_frame_writer_t *reply)
{
    return open_stream(server, request, reply, true);
}

safe_status_t safe_server_handle_stream_resume(safe_server_t *server, const safe_frame_t *request,
                                               safe_frame_writer_t *reply)
{
    return open_stream(server, request, reply, false);
}

safe_status_t safe_server_handle_relearn(safe_server_t *server, const safe_frame_t *request,
                                         safe_frame_writer_t *reply)
{
    safe_status_t status;

    if (request->length != SAFE_TOKEN_BYTES + sizeof(uint32_t)) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    if (!server->stream_open || safe_get_u32(request->payload) != server->stream_token) {
        return SAFE_STATUS_SAMPLE_ORDER;
    }
    if (safe_get_u32(&request->payload[SAFE_TOKEN_BYTES]) != server->stream_state) {
        return SAFE_STATUS_ARGUMENT; /* whoever asks has not seen the present state */
    }
    status = safe_detector_reset(server->detector);
    server->stream_open = status == SAFE_STATUS_OK;
    if (status != SAFE_STATUS_OK) {
        return status;
    }
    server->has_relearned = true;
    safe_frame_put_u32(reply, server->stream_token);
    safe_frame_put_u32(reply, server->stream_next);
    return SAFE_STATUS_OK;
}

static void put_float(safe_frame_writer_t *writer, float value)
{
    uint32_t bits;

    (void)memcpy(&bits, &value, sizeof bits);
    safe_frame_put_u32(writer, bits);
}

static void put_channels(safe_frame_writer_t *writer, const uint16_t *channels)
{
    for (size_t i = 0; i < SAFE_DETECTOR_TOP; i++) {
        safe_frame_put_u16(writer, channels[i]);
    }
}

void safe_server_put_record(const safe_server_t *server, safe_frame_writer_t *writer,
                            safe_status_t status, const safe_detector_result_t *result)
{
    uint32_t crc = 0;
    uint32_t flags = (result->has_forecast ? 1u : 0u) | (result->is_missing ? 2u : 0u) |
                     (result->drift != SAFE_DETECTOR_NO_CHANNEL ? 4u : 0u);
    uint32_t masked = result->masked_count < 255u ? result->masked_count : 255u;

    if (result->has_forecast) {
        const void *output = server->detector->config->network->output(server->context, 0);

        crc = safe_crc32(0, output, server->context->model->outputs[0].size_bytes);
    }
    safe_frame_put_u32(writer, result->index);
    safe_frame_put_u16(writer, (uint16_t)((uint32_t)result->state | (flags << 8)));
    safe_frame_put_u16(writer, (uint16_t)status);
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        put_float(writer, result->forms[i]);
    }
    put_float(writer, result->score);
    put_float(writer, result->limit);
    safe_frame_put_u32(writer, crc);
    put_channels(writer, result->top);
    put_channels(writer, result->masked);
    safe_frame_put_u16(writer, (uint16_t)(masked | (uint32_t)result->event << 8));
    safe_frame_put_u16(writer, result->drift);
}

/** Takes one sample and appends its record of SAFE_SAMPLE_RECORD_BYTES. */
static void take_sample(safe_server_t *server, const uint8_t *bytes, safe_frame_writer_t *reply)
{
    size_t channels = server->detector->config->channels;
    safe_detector_result_t result = {0};
    safe_status_t status;

    for (size_t c = 0; c < channels; c++) {
        uint32_t bits = safe_get_u32(&bytes[4u * c]);

        (void)memcpy(&server->sample[c], &bits, sizeof bits);
    }
    status = safe_detector_step(server->detector, server->sample, channels, &result);
    if (server->has_relearned) {
        result.event |= SAFE_DETECTOR_FORGOTTEN;
        server->has_relearned = false;
    }
    server->stream_state = (uint8_t)result.state;
    if (server->hook != NULL) {
        server->hook(status, &result);
    }
    safe_server_put_record(server, reply, status, &result);
}

safe_status_t safe_server_handle_sample(safe_server_t *server, const safe_frame_t *request,
                                        safe_frame_writer_t *reply)
{
    size_t sample_bytes = 4u * (size_t)server->detector->config->channels;
    size_t count;
    uint32_t lost;
    safe_status_t status = SAFE_STATUS_OK;

    if (request->length < SAFE_CHUNK_HEADER_BYTES + sample_bytes ||
        (request->length - SAFE_CHUNK_HEADER_BYTES) % sample_bytes != 0u) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    count = (request->length - SAFE_CHUNK_HEADER_BYTES) / sample_bytes;
    if (SAFE_CHUNK_HEADER_BYTES + count * SAFE_SAMPLE_RECORD_BYTES > SAFE_FRAME_MAX_PAYLOAD) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    lost = safe_get_u32(&request->payload[4]) - server->stream_next;
    if (!server->stream_open || safe_get_u32(request->payload) != server->stream_token ||
        lost > SAFE_MOST_LOST) {
        return SAFE_STATUS_SAMPLE_ORDER;
    }
    server->upload = SAFE_UPLOAD_NONE; /* The detector works in the same arena. */
    if (lost != 0u) {
        status = safe_detector_missed(server->detector, lost);
        server->stream_next += lost;
    }
    if (status != SAFE_STATUS_OK) { /* The model does not run: there is nothing to go on with. */
        server->stream_open = false;
        return status;
    }
    safe_frame_put(reply, request->payload, SAFE_CHUNK_HEADER_BYTES);
    for (size_t i = 0; i < count; i++) {
        take_sample(server, &request->payload[SAFE_CHUNK_HEADER_BYTES + i * sample_bytes], reply);
        server->stream_next++;
    }
    note_sample(server);
    return SAFE_STATUS_OK;
}
