/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/frame.h"

#define DELIMITER 0u
#define COBS_FULL 255u /* A code byte: 254 bytes follow and no zero is implied. */

uint16_t safe_get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | ((uint32_t)bytes[1] << 8));
}

uint32_t safe_get_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | ((uint32_t)bytes[1] << 8) | ((uint32_t)bytes[2] << 16) |
           ((uint32_t)bytes[3] << 24);
}

/** Decodes COBS in place; the write place never passes the read place.
 * @return FRAME_CODE when a code byte points past the end. */
static safe_status_t cobs_decode(uint8_t *span, size_t length, size_t *decoded)
{
    size_t from = 0;
    size_t to = 0;

    while (from < length) {
        size_t code = span[from];

        if (code == DELIMITER || code > length - from) {
            return SAFE_STATUS_FRAME_CODE;
        }
        for (size_t i = 1; i < code; i++) {
            span[to++] = span[from + i];
        }
        from += code;
        if (code != COBS_FULL && from < length) {
            span[to++] = 0;
        }
    }
    *decoded = to;
    return SAFE_STATUS_OK;
}

static safe_status_t decode_span(safe_frame_receiver_t *receiver, safe_frame_t *frame)
{
    size_t length = 0;
    size_t body;
    safe_status_t status;

    if (receiver->too_long) {
        return SAFE_STATUS_FRAME_LENGTH;
    }
    status = cobs_decode(receiver->span, receiver->length, &length);
    if (status != SAFE_STATUS_OK) {
        return status;
    }
    if (length < SAFE_FRAME_HEADER_BYTES + SAFE_FRAME_CRC_BYTES || length > SAFE_FRAME_MAX_BYTES) {
        return SAFE_STATUS_FRAME_LENGTH;
    }
    body = length - SAFE_FRAME_CRC_BYTES;
    frame->crc = safe_get_u32(&receiver->span[body]);
    if (safe_crc32(0, receiver->span, body) != frame->crc) {
        return SAFE_STATUS_FRAME_CRC;
    }
    frame->type = receiver->span[0];
    frame->seq = receiver->span[1];
    frame->flags = receiver->span[2];
    frame->payload = &receiver->span[SAFE_FRAME_HEADER_BYTES];
    frame->length = body - SAFE_FRAME_HEADER_BYTES;
    return SAFE_STATUS_OK;
}

/** Ends the span at a delimiter. A bad span of text is silent: this delimiter opens a frame. */
static safe_frame_event_t end_span(safe_frame_receiver_t *receiver, safe_frame_t *frame)
{
    bool was_in_frame = receiver->in_frame;
    bool was_empty = receiver->length == 0u && !receiver->too_long;
    safe_status_t status;

    receiver->in_frame = true;
    if (was_empty) {
        return SAFE_FRAME_EVENT_NONE;
    }
    status = decode_span(receiver, frame);
    receiver->length = 0;
    receiver->too_long = false;
    if (status == SAFE_STATUS_OK) {
        receiver->in_frame = false;
        return SAFE_FRAME_EVENT_FRAME;
    }
    if (!was_in_frame) {
        return SAFE_FRAME_EVENT_NONE;
    }
    receiver->error = status;
    return SAFE_FRAME_EVENT_ERROR;
}

safe_frame_event_t safe_frame_receive(safe_frame_receiver_t *receiver, uint8_t byte,
                                      uint32_t now_ms, safe_frame_t *frame)
{
    receiver->last_byte_ms = now_ms;
    if (byte == DELIMITER) {
        return end_span(receiver, frame);
    }
    if (receiver->length < sizeof receiver->span) {
        receiver->span[receiver->length++] = byte;
    } else {
        receiver->too_long = true;
    }
    return SAFE_FRAME_EVENT_NONE;
}

safe_frame_event_t safe_frame_idle(safe_frame_receiver_t *receiver, uint32_t now_ms)
{
    bool was_cut;

    if (now_ms - receiver->last_byte_ms < SAFE_FRAME_IDLE_MS) {
        return SAFE_FRAME_EVENT_NONE;
    }
    was_cut = receiver->in_frame && (receiver->length != 0u || receiver->too_long);
    receiver->length = 0;
    receiver->too_long = false;
    receiver->in_frame = false;
    receiver->error = SAFE_STATUS_TIMEOUT;
    return was_cut ? SAFE_FRAME_EVENT_ERROR : SAFE_FRAME_EVENT_NONE;
}

static void put_line(safe_frame_writer_t *writer, uint8_t byte)
{
    if (writer->length < writer->capacity) {
        writer->line[writer->length++] = byte;
    } else {
        writer->overflow = true;
    }
}

/** Writes the code byte of the group that ends here, and opens the next group. */
static void end_group(safe_frame_writer_t *writer)
{
    if (!writer->overflow) {
        writer->line[writer->code_index] = (uint8_t)(writer->length - writer->code_index);
        writer->code_index = writer->length;
    }
    put_line(writer, 0);
}

static void put_encoded(safe_frame_writer_t *writer, uint8_t byte)
{
    if (writer->length - writer->code_index == COBS_FULL) { /* 254 bytes, and more to come. */
        end_group(writer);
    }
    if (byte == 0u) {
        end_group(writer);
    } else {
        put_line(writer, byte);
    }
}

static void put_counted(safe_frame_writer_t *writer, const uint8_t *bytes, size_t length)
{
    writer->crc = safe_crc32(writer->crc, bytes, length);
    for (size_t i = 0; i < length; i++) {
        put_encoded(writer, bytes[i]);
    }
}

void safe_frame_begin(safe_frame_writer_t *writer, uint8_t *line, size_t capacity, uint8_t type,
                      uint8_t seq, uint8_t flags)
{
    const uint8_t header[SAFE_FRAME_HEADER_BYTES] = {type, seq, flags};

    *writer = (safe_frame_writer_t){line, capacity, 0, 1, 0, false};
    put_line(writer, DELIMITER);
    put_line(writer, 0); /* The first code byte, written when its group ends. */
    put_counted(writer, header, sizeof header);
}

void safe_frame_put(safe_frame_writer_t *writer, const void *bytes, size_t length)
{
    put_counted(writer, bytes, length);
}

void safe_frame_put_u16(safe_frame_writer_t *writer, uint16_t value)
{
    const uint8_t bytes[2] = {(uint8_t)(value & 255u), (uint8_t)(value >> 8)};

    put_counted(writer, bytes, sizeof bytes);
}

void safe_frame_put_u32(safe_frame_writer_t *writer, uint32_t value)
{
    safe_frame_put_u16(writer, (uint16_t)(value & 0xFFFFu));
    safe_frame_put_u16(writer, (uint16_t)(value >> 16));
}

size_t safe_frame_end(safe_frame_writer_t *writer)
{
    uint32_t crc = writer->crc;

    safe_frame_put_u32(writer, crc);
    if (!writer->overflow) {
        writer->line[writer->code_index] = (uint8_t)(writer->length - writer->code_index);
    }
    put_line(writer, DELIMITER);
    return writer->overflow ? 0u : writer->length;
}
