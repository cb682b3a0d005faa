/* SPDX-License-Identifier: Apache-2.0 */
/* Any conversation with the command server: requests with any type and payload (framed here, so
 * that they get past the CRC), raw bytes, silence. Every answer is one valid frame of its request,
 * a repeat is answered alike, and an inference runs at most once per upload. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safe/app.h"
#include "safe/port.h"
#include "safe/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t now_ms;
static unsigned long frames;
static unsigned long damaged;
static safe_context_t context;
static safe_detector_t detector;
static safe_server_t server;

uint32_t safe_port_status(void)
{
    return now_ms & SAFE_PORT_UART_ERROR;
}

uint32_t safe_port_time_ms(void)
{
    return now_ms;
}

bool safe_port_cycles(uint32_t *cycles)
{
    *cycles = now_ms * 1000u;
    return (now_ms & 1u) != 0u;
}

bool safe_port_cycles_approximate(void)
{
    return false;
}

uint32_t safe_port_baud(uint32_t baud)
{
    return baud;
}

void safe_port_set_baud(uint32_t baud)
{
    (void)baud;
}

uint32_t safe_port_clock_hz(void)
{
    return 1000000u;
}

uint32_t safe_port_stack_used_bytes(void)
{
    return 0;
}

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

/** Checks what the server wants to send: exactly one valid frame. */
static void check_out(size_t length, const uint8_t *type, uint8_t seq)
{
    static safe_frame_receiver_t receiver;
    safe_frame_event_t event = SAFE_FRAME_EVENT_NONE;
    safe_frame_t frame;

    if (length == 0u) {
        return;
    }
    memset(&receiver, 0, sizeof receiver);
    demand(length <= SAFE_FRAME_MAX_LINE);
    for (size_t i = 0; i < length; i++) {
        demand(event == SAFE_FRAME_EVENT_NONE);
        event = safe_frame_receive(&receiver, server.out[i], 0, &frame);
    }
    demand(event == SAFE_FRAME_EVENT_FRAME);
    if (type != NULL) {
        demand(frame.seq == seq);
        demand(frame.type == (*type | SAFE_MESSAGE_REPLY) ||
               (frame.type == 0xFFu && frame.length == 4u && frame.payload[2] == *type));
    }
    demand(server.upload_bytes <= context.model->inputs[0].size_bytes);
}

static void request(uint8_t type, uint8_t seq, const uint8_t *payload, size_t length)
{
    uint8_t line[SAFE_FRAME_MAX_LINE];
    uint8_t first[SAFE_FRAME_MAX_LINE];
    safe_frame_writer_t writer;
    size_t bytes;
    size_t first_bytes = 0;
    uint32_t inferences = 0;

    safe_frame_begin(&writer, line, sizeof line, type, seq, 0);
    safe_frame_put(&writer, payload, length);
    bytes = safe_frame_end(&writer);
    for (int repeat = 0; repeat < 2; repeat++) {
        size_t reply = 0;

        for (size_t i = 0; i < bytes; i++) {
            size_t out = safe_server_feed(&server, line[i], now_ms);

            /* Raw bytes before may have left a span open, which the first byte ends: its notice
             * comes first, or its answer where they are a valid frame. */
            check_out(out, i != 0u && server.out == server.reply ? &type : NULL, seq);
            safe_server_sent(&server, now_ms);
            reply = out != 0u ? out : reply;
        }
        demand(reply != 0u && server.out == server.reply);
        if (repeat == 0) {
            first_bytes = reply;
            memcpy(first, server.reply, reply);
            inferences = server.timing.inferences;
        } else {
            demand(reply == first_bytes && memcmp(first, server.reply, reply) == 0);
            demand(inferences == server.timing.inferences);
        }
    }
}

/** Says at the end of the program how much was tried. */
static void tell(void)
{
    (void)printf("frames=%lu damaged=%lu\n", frames, damaged);
}

static void start(void)
{
    static bool is_told;

    if (!is_told) {
        is_told = atexit(tell) == 0;
    }
    const safe_app_model_t *app = safe_app_model();

    demand(safe_context_init(&context, app->model, app->arena, app->arena_bytes) == SAFE_STATUS_OK);
    demand(safe_detector_init(&detector, app->detector, &context, &app->memory) == SAFE_STATUS_OK);
    demand(safe_server_init(&server, &context, &detector, &safe_server_windows, NULL) ==
           SAFE_STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t session[4] = {1, 0, 0, 0};
    static const uint8_t types[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x10, 0x11,
                                    0x12, 0x13, 0x20, 0x21, 0x22, 0x7F, 0x23};
    size_t at = 0;
    uint8_t seq = 1;

    start();
    if (size != 0u && (data[0] & 1u) != 0u) {
        request(SAFE_MESSAGE_HELLO, 0, session, sizeof session);
    }
    while (at + 2u <= size) {
        uint8_t kind = data[at];
        size_t length = (size_t)data[at + 1u] * (kind >= 0xF0u ? 3u : 1u);

        at += 2u;
        length = length < size - at ? length : size - at;
        length = length < SAFE_FRAME_MAX_PAYLOAD ? length : SAFE_FRAME_MAX_PAYLOAD;
        now_ms += kind;
        if (kind < 0x20u) {
            for (size_t i = 0; i < length; i++) {
                check_out(safe_server_feed(&server, data[at + i], now_ms), NULL, 0);
                safe_server_sent(&server, now_ms);
            }
        } else if (kind < 0x28u) {
            now_ms += SAFE_FRAME_IDLE_MS;
            check_out(safe_server_idle(&server, now_ms), NULL, 0);
        } else if (kind < 0x30u) {
            request(kind, seq++, &data[at], length);
        } else {
            request(types[kind % sizeof types], seq++, &data[at], length);
        }
        at += length;
    }
    frames += server.frames;
    damaged += server.frame_errors;
    return 0;
}
