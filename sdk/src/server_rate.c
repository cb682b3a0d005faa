/* SPDX-License-Identifier: Apache-2.0 */
/* The rate of the line. Both ends return to the first one when they do not understand each other:
 * the device by the clock here, the host when its requests stay without a reply. */
#include <string.h>

#include "safe/port.h"
#include "server_internal.h"

#define LINE_ERRORS (SAFE_PORT_UART_ERROR | SAFE_PORT_RX_OVERRUN | SAFE_PORT_TX_TIMEOUT)

safe_status_t safe_server_handle_baud(safe_server_t *server, const safe_frame_t *request,
                                      safe_frame_writer_t *reply)
{
    uint32_t baud;

    if (request->length != sizeof baud) {
        return SAFE_STATUS_PAYLOAD_LENGTH;
    }
    baud = safe_port_baud(safe_get_u32(request->payload));
    if (baud == 0u) {
        return SAFE_STATUS_ARGUMENT;
    }
    server->rate.next_baud = baud;
    safe_frame_put_u32(reply, baud);
    safe_frame_put_u32(reply, SAFE_BAUD_HOLD_MS);
    return SAFE_STATUS_OK;
}

static void start_over(safe_server_t *server, uint32_t now_ms)
{
    (void)memset(&server->receiver, 0, sizeof server->receiver);
    server->rate.waiting = true;
    server->rate.since_ms = now_ms;
    server->line_since_ms = now_ms;
    server->line_error_ms = 0;
}

void safe_server_sent(safe_server_t *server, uint32_t now_ms)
{
    if (server->rate.next_baud == 0u) {
        return;
    }
    safe_port_set_baud(server->rate.next_baud);
    server->rate.next_baud = 0;
    server->rate.changed = true;
    start_over(server, now_ms);
}

void safe_server_rate_note(safe_server_t *server, bool frame, uint32_t now_ms)
{
    if (frame) {
        server->rate.waiting = false;
    } else if (!server->rate.waiting) {
        server->rate.waiting = true;
        server->rate.since_ms = now_ms;
    }
}

void safe_server_rate_watch(safe_server_t *server, uint32_t now_ms)
{
    if (server->rate.changed && server->rate.waiting &&
        now_ms - server->rate.since_ms >= SAFE_BAUD_HOLD_MS) {
        safe_port_set_baud(0);
        server->rate.changed = false;
        start_over(server, now_ms);
    }
}

void safe_server_line_watch(safe_server_t *server, uint32_t now_ms)
{
    if (server->line_error_ms == 0u && (safe_port_status() & LINE_ERRORS) != 0u) {
        server->line_error_ms = now_ms == 0u ? 1u : now_ms;
    }
}
