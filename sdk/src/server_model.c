/* SPDX-License-Identifier: Apache-2.0 */
/* Requests on one window: upload, run, read back, times. */
#include <string.h>

#include "safe/port.h"
#include "server_internal.h"

/** Gives the model the next bytes of its window. */
static safe_status_t take_chunk(safe_server_t *server, uint32_t start, const uint8_t *bytes,
                                uint32_t length)
{
    uint8_t *input = safe_context_input(server->context, 0);

    if (server->context->model->stream != NULL) {
        /* The window displaces the samples that the detector's stream has given. */
        server->stream_open = false;
        return safe_stream_feed(server->context, start, bytes, length);
    }
    (void)memcpy(&input[start], bytes, length);
    return SAFE_STATUS_OK;
}

static safe_status_t invoke(const safe_context_t *context)
{
    safe_status_t status;

    if (context->model->stream != NULL) {
        return safe_stream_invoke(context);
    }
    status = safe_context_reset(context);
    return status == SAFE_STATUS_OK ? safe_context_invoke(context) : status;
}

static safe_status_t handle_window(safe_server_t *server, const safe_frame_t *request,
                                   safe_frame_writer_t *reply)
{
    uint32_t input_bytes = server->context->model->inputs[0].size_bytes;
    uint32_t token;
    uint32_t start;
    uint32_t chunk;
    safe_status_t status;

    if (request->length <= SAFE_CHUNK_HEADER_BYTES) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    token = safe_get_u32(request->payload);
    start = safe_get_u32(&request->payload[4]);
    chunk = (uint32_t)(request->length - SAFE_CHUNK_HEADER_BYTES);
    if (start == 0u) {
        server->upload = SAFE_UPLOAD_LOADING;
        server->upload_token = token;
        server->upload_bytes = 0;
    }
    if (server->upload != SAFE_UPLOAD_LOADING || token != server->upload_token ||
        start != server->upload_bytes || chunk > input_bytes - start) {
        return SAFE_STATUS_CHUNK_ORDER;
    }
    status = take_chunk(server, start, &request->payload[SAFE_CHUNK_HEADER_BYTES], chunk);
    if (status != SAFE_STATUS_OK) {
        server->upload = SAFE_UPLOAD_NONE;
        return status;
    }
    server->upload_bytes += chunk;
    if (server->upload_bytes == input_bytes) {
        server->upload = SAFE_UPLOAD_READY;
    }
    safe_frame_put_u32(reply, token);
    safe_frame_put_u32(reply, server->upload_bytes);
    return SAFE_STATUS_OK;
}

static safe_status_t run_timed(safe_server_t *server)
{
    safe_timing_t *timing = &server->timing;
    uint32_t start_cycles = 0;
    uint32_t end_cycles = 0;
    uint32_t start_ms = safe_port_time_ms();
    bool counted = safe_port_cycles(&start_cycles);
    safe_status_t status = invoke(server->context);

    counted = safe_port_cycles(&end_cycles) && counted;
    if (status != SAFE_STATUS_OK) {
        return status;
    }
    timing->last_ms = safe_port_time_ms() - start_ms;
    timing->total_ms += timing->last_ms;
    timing->inferences++;
    timing->has_cycles = counted;
    timing->last_cycles = counted ? end_cycles - start_cycles : 0u;
    if (counted) {
        timing->min_cycles =
            timing->last_cycles < timing->min_cycles ? timing->last_cycles : timing->min_cycles;
        timing->max_cycles =
            timing->last_cycles > timing->max_cycles ? timing->last_cycles : timing->max_cycles;
    }
    return SAFE_STATUS_OK;
}

static safe_status_t handle_infer(safe_server_t *server, const safe_frame_t *request,
                                  safe_frame_writer_t *reply)
{
    if (request->length != SAFE_TOKEN_BYTES) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    if (server->upload < SAFE_UPLOAD_READY ||
        safe_get_u32(request->payload) != server->upload_token) {
        return SAFE_STATUS_NOT_READY;
    }
    if (server->upload == SAFE_UPLOAD_READY) {
        safe_status_t status = run_timed(server);

        /* The arena is one: whatever happened, the input is gone. */
        server->upload = status == SAFE_STATUS_OK ? SAFE_UPLOAD_DONE : SAFE_UPLOAD_NONE;
        if (status != SAFE_STATUS_OK) {
            return status;
        }
    }
    safe_frame_put_u32(reply, server->upload_token);
    safe_frame_put_u32(reply, server->timing.last_ms);
    safe_frame_put_u32(reply, server->timing.has_cycles ? 1u : 0u);
    safe_frame_put_u32(reply, server->timing.last_cycles);
    return SAFE_STATUS_OK;
}

static safe_status_t handle_result(safe_server_t *server, const safe_frame_t *request,
                                   safe_frame_writer_t *reply)
{
    uint32_t output_bytes = server->context->model->outputs[0].size_bytes;
    const uint8_t *output = safe_context_output(server->context, 0);
    uint32_t start;
    uint32_t length;

    if (request->length != SAFE_TOKEN_BYTES + 6u) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    if (server->upload != SAFE_UPLOAD_DONE ||
        safe_get_u32(request->payload) != server->upload_token) {
        return SAFE_STATUS_NOT_READY;
    }
    start = safe_get_u32(&request->payload[4]);
    length = safe_get_u16(&request->payload[8]);
    if (start > output_bytes || length > output_bytes - start ||
        length > SAFE_FRAME_MAX_PAYLOAD - SAFE_CHUNK_HEADER_BYTES) {
        return SAFE_STATUS_ARGUMENT;
    }
    safe_frame_put_u32(reply, server->upload_token);
    safe_frame_put_u32(reply, start);
    safe_frame_put(reply, &output[start], length);
    return SAFE_STATUS_OK;
}

static safe_status_t handle_timing(safe_server_t *server, const safe_frame_t *request,
                                   safe_frame_writer_t *reply)
{
    const safe_timing_t *timing = &server->timing;

    if (request->length != 0u) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    safe_frame_put_u32(reply, timing->inferences);
    safe_frame_put_u32(reply, timing->last_ms);
    safe_frame_put_u32(reply, timing->total_ms);
    safe_frame_put_u32(reply, timing->has_cycles ? 1u : 0u);
    safe_frame_put_u32(reply, timing->last_cycles);
    safe_frame_put_u32(reply, timing->has_cycles ? timing->min_cycles : 0u);
    safe_frame_put_u32(reply, timing->max_cycles);
    return SAFE_STATUS_OK;
}

const safe_server_windows_t safe_server_windows = {
    .window = handle_window,
    .infer = handle_infer,
    .result = handle_result,
    .timing = handle_timing,
};
