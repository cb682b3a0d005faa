/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of an update: PROTOCOL.md, UPDATE_INFO to UPDATE_CONFIRM. */
#include "requests.h"

#include "safe/compiler.h"
#include "safe/port.h"

/** Bytes of the public key that tell keys apart. */
#define KEY_NAME_BYTES 8u

static void put_slot(const safe_update_t *update, uint32_t slot, safe_frame_writer_t *reply)
{
    safe_update_slot_t seen = safe_update_look(update, slot);

    safe_frame_put_u32(reply, (uint32_t)seen.state);
    safe_frame_put_u32(reply, seen.sequence);
    safe_frame_put_u32(reply, seen.version);
    safe_frame_put(reply, seen.model_sha256, sizeof seen.model_sha256);
}

static safe_status_t tell(const safe_update_t *update, uint32_t left_ms, safe_frame_writer_t *reply)
{
    const safe_update_config_t *config = update->config;

    if (update->flash == NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    safe_frame_put_u16(reply, SAFE_UPDATE_FORMAT);
    safe_frame_put_u16(reply, SAFE_UPDATE_SLOTS);
    safe_frame_put_u32(reply, config->abi);
    safe_frame_put_u32(reply, (uint32_t)config->origin);
    safe_frame_put_u32(reply, update->flash->slot_bytes);
    safe_frame_put_u32(reply, config->ram_bytes);
    safe_frame_put_u32(reply, config->stack_bytes);
    safe_frame_put(reply, config->public_key, KEY_NAME_BYTES);
    safe_frame_put_u32(reply, update->running);
    safe_frame_put_u32(reply, safe_update_target(update));
    safe_frame_put_u32(reply, left_ms);
    for (uint32_t slot = 0; slot < SAFE_UPDATE_SLOTS; slot++) {
        put_slot(update, slot, reply);
    }
    return SAFE_STATUS_OK;
}

static safe_status_t begin(safe_update_t *update, const safe_frame_t *request,
                           safe_frame_writer_t *reply)
{
    safe_status_t status;

    if (request->length != SAFE_UPDATE_HEADER_BYTES) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    status = safe_update_begin(update, request->payload);
    if (status == SAFE_STATUS_OK) {
        safe_frame_put_u32(reply, update->received);
    }
    return status;
}

static safe_status_t take(safe_update_t *update, const safe_frame_t *request,
                          safe_frame_writer_t *reply)
{
    safe_status_t status;

    if (request->length <= sizeof(uint32_t)) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    status =
        safe_update_take(update, safe_get_u32(request->payload),
                         &request->payload[sizeof(uint32_t)], request->length - sizeof(uint32_t));
    if (status == SAFE_STATUS_OK) {
        safe_frame_put_u32(reply, update->received);
    }
    return status;
}

SAFE_COLD safe_status_t safe_update_answer(safe_update_t *update, uint32_t left_ms,
                                           const safe_frame_t *request, safe_frame_writer_t *reply)
{
    if (request->type == SAFE_MESSAGE_UPDATE_BEGIN) {
        return begin(update, request, reply);
    }
    if (request->type == SAFE_MESSAGE_UPDATE_DATA) {
        return take(update, request, reply);
    }
    if (request->type != SAFE_MESSAGE_UPDATE_INFO && request->type != SAFE_MESSAGE_UPDATE_END &&
        request->type != SAFE_MESSAGE_UPDATE_CONFIRM) {
        return SAFE_STATUS_UNKNOWN_MESSAGE;
    }
    if (request->length != 0u) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    if (request->type == SAFE_MESSAGE_UPDATE_INFO) {
        return tell(update, left_ms, reply);
    }
    return request->type == SAFE_MESSAGE_UPDATE_END ? safe_update_end(update)
                                                    : safe_update_confirm(update);
}
