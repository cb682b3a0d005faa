/* SPDX-License-Identifier: Apache-2.0 */
/** @file frame.h Binary frames on a serial line: COBS, CRC-32, two delimiters.
 *
 * On the line: `00 | COBS(type u8, seq u8, flags u8, payload, crc32 u32le) | 00`. Printable text
 * holds no 00 and may stand between frames. Every 00 ends a span; a span that decodes with a
 * right CRC is a frame, so a lost delimiter costs nothing and damage costs only its own frame.
 */
#ifndef SAFE_FRAME_H
#define SAFE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/crc32.h"
#include "safe/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Largest payload in bytes; may be set smaller (at least 160) for a small RAM. */
#ifndef SAFE_FRAME_MAX_PAYLOAD
#define SAFE_FRAME_MAX_PAYLOAD 512u
#endif
/** type, seq, flags. */
#define SAFE_FRAME_HEADER_BYTES 3u
#define SAFE_FRAME_CRC_BYTES 4u
#define SAFE_FRAME_MAX_BYTES                                                                       \
    (SAFE_FRAME_HEADER_BYTES + SAFE_FRAME_MAX_PAYLOAD + SAFE_FRAME_CRC_BYTES)
/** COBS adds one byte, and one more for every 254 bytes without a zero. */
#define SAFE_FRAME_MAX_SPAN (SAFE_FRAME_MAX_BYTES + SAFE_FRAME_MAX_BYTES / 254u + 1u)
/** Bytes on the line of the largest frame, delimiters included. A receive ring must hold it. */
#define SAFE_FRAME_MAX_LINE (SAFE_FRAME_MAX_SPAN + 2u)
/** A frame that stands still for so long was cut. */
#define SAFE_FRAME_IDLE_MS 500u

/** A received frame; `payload` points into the receiver until the next byte is taken. */
typedef struct safe_frame {
    uint8_t type;
    uint8_t seq;
    uint8_t flags;
    const uint8_t *payload;
    size_t length; /**< Bytes of the payload. */
    uint32_t crc;
} safe_frame_t;

/** What a byte completed. */
typedef enum safe_frame_event {
    SAFE_FRAME_EVENT_NONE = 0,
    SAFE_FRAME_EVENT_FRAME = 1,
    SAFE_FRAME_EVENT_ERROR = 2, /**< A span between two delimiters is no frame. */
} safe_frame_event_t;

/** Takes a byte stream apart. All zero is a valid start. */
typedef struct safe_frame_receiver {
    size_t length; /**< Bytes in `span`. */
    bool too_long; /**< The span outgrew the buffer; the rest is dropped. */
    bool in_frame; /**< A delimiter came that did not end a frame. */
    uint32_t last_byte_ms;
    safe_status_t error; /**< Why the last span was no frame: FRAME_LENGTH, _CODE, _CRC, TIMEOUT. */
    uint8_t span[SAFE_FRAME_MAX_SPAN];
} safe_frame_receiver_t;

/** Takes one byte received at `now_ms`; on FRAME fills in `frame`, on ERROR `receiver->error`. */
safe_frame_event_t safe_frame_receive(safe_frame_receiver_t *receiver, uint8_t byte,
                                      uint32_t now_ms, safe_frame_t *frame);

/** Drops a cut frame after SAFE_FRAME_IDLE_MS without a byte; call it when the line is quiet.
 * @return ERROR (TIMEOUT) when one was dropped, else NONE. */
safe_frame_event_t safe_frame_idle(safe_frame_receiver_t *receiver, uint32_t now_ms);

/** Writes one frame as line bytes, encoding as it goes. */
typedef struct safe_frame_writer {
    uint8_t *line;
    size_t capacity;
    size_t length;
    size_t code_index; /**< Place of the COBS code byte being counted. */
    uint32_t crc;
    bool overflow;
} safe_frame_writer_t;

/** Starts a frame in `line`, which should hold SAFE_FRAME_MAX_LINE bytes. */
void safe_frame_begin(safe_frame_writer_t *writer, uint8_t *line, size_t capacity, uint8_t type,
                      uint8_t seq, uint8_t flags);
/** Appends bytes to the payload. */
void safe_frame_put(safe_frame_writer_t *writer, const void *bytes, size_t length);
/** Appends a little-endian number to the payload. */
void safe_frame_put_u16(safe_frame_writer_t *writer, uint16_t value);
/** Appends a little-endian number to the payload. */
void safe_frame_put_u32(safe_frame_writer_t *writer, uint32_t value);
/** Appends the CRC and the closing delimiter. @return the bytes on the line, 0 on overflow. */
size_t safe_frame_end(safe_frame_writer_t *writer);

/** Reads a little-endian number; no alignment needed. */
uint16_t safe_get_u16(const uint8_t *bytes);
/** Reads a little-endian number; no alignment needed. */
uint32_t safe_get_u32(const uint8_t *bytes);

#ifdef __cplusplus
}
#endif

#endif
