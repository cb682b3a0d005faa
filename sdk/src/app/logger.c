/* SPDX-License-Identifier: Apache-2.0 */
/* The logger: what the product's sensors measure, in frames to the host, without a model.
 *
 * Rows gather in one buffer while the one before leaves in pieces, so that a slow line delays no
 * read. When it is slower than the rows for long, rows are left out, and their index tells. */
#include "app.h"

#include <math.h>
#include <string.h>

#include "safe/port.h"
#include "safe/sensor.h"
#include "safe/ticker.h"
#include "safe/version.h"

/** Bytes that are written before the next look at the clock: 1.4 ms at 115200 baud. */
#define PIECE_BYTES 16u
/** Longest time that a row waits for others to fill its frame. */
#define GATHER_MS 50u
#define INDEX_BYTES 4u
#define NAME_BYTES 64u

static const safe_model_t no_model = {.name = "none", .abi = SAFE_MODEL_ABI};
static const safe_context_t context = {.model = &no_model};
static safe_server_t server;

/** Frames on their way. Only the main loop touches them. */
static struct {
    bool is_on;
    uint8_t seq;
    uint8_t filling;    /**< Line of the two that takes rows; the other one leaves. */
    uint32_t next;      /**< Index of the next sample: ticks since the stream began. */
    uint32_t following; /**< Index after the last row of the frame that is filled. */
    uint32_t since_ms;
    bool is_open; /**< A frame is begun in the line that is filled, */
    size_t room;  /**< which takes so many more bytes. */
    size_t leaving, left;
    safe_frame_writer_t writer;
    safe_ticker_t ticker;
    uint8_t lines[2][SAFE_FRAME_MAX_LINE];
} stream;

static float sample[SAFE_SERVER_MAX_CHANNELS];

static size_t row_bytes(void)
{
    return sizeof(float) * safe_sensor_log.channels;
}

/** Hands the frame that is filled over to be sent; the one before has left. */
static void end_frame(void)
{
    stream.leaving = safe_frame_end(&stream.writer);
    stream.left = 0;
    stream.is_open = false;
    stream.filling ^= 1u;
}

static bool is_sending(void)
{
    return stream.left < stream.leaving;
}

static void begin_frame(uint32_t index, uint32_t now_ms)
{
    safe_frame_begin(&stream.writer, stream.lines[stream.filling], SAFE_FRAME_MAX_LINE,
                     SAFE_MESSAGE_SENSOR | SAFE_MESSAGE_REPLY, stream.seq++, 0);
    safe_frame_put_u32(&stream.writer, index);
    stream.is_open = true;
    stream.room = SAFE_FRAME_MAX_PAYLOAD - INDEX_BYTES;
    stream.since_ms = now_ms;
}

/** Makes room for the row `index`: a frame holds consecutive rows.
 * @return false: the line is slower than the rows, this one is left out; the index tells. */
static bool make_room(uint32_t index, uint32_t now_ms)
{
    if (stream.is_open && (stream.room < row_bytes() || index != stream.following)) {
        if (is_sending()) {
            return false;
        }
        end_frame();
    }
    if (!stream.is_open) {
        begin_frame(index, now_ms);
    }
    stream.following = index + 1u;
    stream.room -= row_bytes();
    return true;
}

/** Takes the sample that is due, if one is. A read that fails is a row without values. */
static void take_due(uint32_t now_ms)
{
    uint32_t ticks = stream.is_on ? safe_ticker_take(&stream.ticker, now_ms) : 0u;

    if (ticks == 0u) {
        return;
    }
    stream.next += ticks;
    if (!make_room(stream.next - 1u, now_ms)) {
        return;
    }
    if (safe_sensor_read(sample) != SAFE_STATUS_OK) {
        for (size_t c = 0; c < safe_sensor_log.channels; c++) {
            sample[c] = NAN;
        }
    }
    safe_frame_put(&stream.writer, sample, row_bytes());
}

/** Sends a piece of the frame that leaves; begins the next one when it is full or has waited. */
static void send_piece(uint32_t now_ms)
{
    if (is_sending()) {
        const uint8_t *line = stream.lines[stream.filling ^ 1u];
        size_t rest = stream.leaving - stream.left;
        size_t length = rest < PIECE_BYTES ? rest : PIECE_BYTES;

        safe_app_write(&line[stream.left], length);
        stream.left += length;
    } else if (stream.is_open &&
               (stream.room < row_bytes() || now_ms - stream.since_ms >= GATHER_MS)) {
        end_frame();
    }
}

static safe_status_t switch_stream(const safe_frame_t *request, safe_frame_writer_t *reply)
{
    if (request->length != 1u) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    if (request->payload[0] > 1u) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (request->payload[0] == 1u && !stream.is_on) {
        safe_ticker_start(&stream.ticker, safe_sensor_log.period_us, safe_port_time_ms());
        stream.next = 0;
    }
    stream.is_on = request->payload[0] == 1u;
    safe_frame_put_u16(reply, safe_sensor_log.channels);
    safe_frame_put_u32(reply, safe_sensor_log.period_us);
    safe_frame_put_u32(reply, stream.next);
    return SAFE_STATUS_OK;
}

static safe_status_t tell_name(const safe_frame_t *request, safe_frame_writer_t *reply)
{
    uint16_t channel;
    const char *name;
    size_t length;

    if (request->length != sizeof channel) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    channel = (uint16_t)(request->payload[0] | (uint16_t)request->payload[1] << 8);
    if (channel >= safe_sensor_log.channels) {
        return SAFE_STATUS_ARGUMENT;
    }
    name = safe_sensor_log.names[channel];
    length = strlen(name);
    safe_frame_put_u16(reply, channel);
    safe_frame_put(reply, name, length < NAME_BYTES ? length : NAME_BYTES);
    return SAFE_STATUS_OK;
}

/** The requests of the logger. */
static safe_status_t take_request(const safe_frame_t *request, safe_frame_writer_t *reply)
{
    switch (request->type) {
    case SAFE_MESSAGE_SENSORS:
        return switch_stream(request, reply);
    case SAFE_MESSAGE_CHANNEL:
        return tell_name(request, reply);
    default:
        return SAFE_STATUS_UNKNOWN_MESSAGE;
    }
}

/** Takes received bytes; replies leave between two frames. */
static void take_bytes(uint32_t now_ms)
{
    uint8_t byte;
    size_t length;

    if (is_sending()) {
        return;
    }
    if (safe_port_read(&byte, 1) == 0u) {
        length = safe_server_idle(&server, now_ms);
        safe_port_idle();
    } else {
        length = safe_server_feed(&server, byte, now_ms);
    }
    if (length != 0u) {
        safe_app_write(server.out, length);
    }
    safe_server_sent(&server, now_ms);
    if (server.reset_requested) {
        safe_port_reset();
    }
}

static void start(void)
{
    safe_status_t status;

    safe_port_init();
    safe_app_print("\r\nsafe " SAFE_VERSION " logger channels=");
    safe_app_print_u32(safe_sensor_log.channels);
    safe_app_print(" period_us=");
    safe_app_print_u32(safe_sensor_log.period_us);
    safe_app_print(" status=");
    safe_app_print_hex(safe_port_status());
    safe_app_print("\r\n");
    if (safe_sensor_log.channels == 0u || safe_sensor_log.period_us == 0u ||
        safe_sensor_log.channels > SAFE_SERVER_MAX_CHANNELS) {
        safe_app_refuse("channels or period of safe_sensor_log", SAFE_STATUS_ARGUMENT);
    }
    status = safe_server_init(&server, &context, NULL, NULL, NULL);
    if (status != SAFE_STATUS_OK) {
        safe_app_refuse("server", status);
    }
    server.own = take_request;
    server.features |= SAFE_FEATURE_SENSORS;
    status = safe_sensor_start();
    if (status != SAFE_STATUS_OK) {
        safe_app_print("safe sensor=failed because: ");
        safe_app_print(safe_status_text(status));
        safe_app_print("\r\n");
    }
}

int main(void)
{
    start();
    safe_port_watchdog_start();
    for (;;) {
        uint32_t now_ms = safe_port_time_ms();

        take_due(now_ms);
        send_piece(now_ms);
        take_bytes(now_ms);
        safe_port_watchdog_feed();
    }
}
