/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the command server share; not part of the interface. */
#ifndef SAFE_SERVER_INTERNAL_H
#define SAFE_SERVER_INTERNAL_H

#include "safe/server.h"

#define SAFE_TOKEN_BYTES 4u
/** Token and start of a chunk, or token and index of the first sample. */
#define SAFE_CHUNK_HEADER_BYTES 8u

/** Carries out one request and writes the payload of its reply; a status other than OK turns the
 * reply into an error and must come before any effect. */
typedef safe_status_t safe_server_handler_t(safe_server_t *server, const safe_frame_t *request,
                                            safe_frame_writer_t *reply);

safe_server_handler_t safe_server_handle_baud;
safe_server_handler_t safe_server_handle_stream_reset;
safe_server_handler_t safe_server_handle_sample;
safe_server_handler_t safe_server_handle_stream_resume;
safe_server_handler_t safe_server_handle_relearn;

/** The handlers of the requests on windows. */
struct safe_server_windows {
    safe_server_handler_t *window;
    safe_server_handler_t *infer;
    safe_server_handler_t *result;
    safe_server_handler_t *timing;
};

/** Notes that bytes came, and whether they completed a valid frame. */
void safe_server_rate_note(safe_server_t *server, bool frame, uint32_t now_ms);

/** Returns to the first rate when no valid frame came for too long. */
void safe_server_rate_watch(safe_server_t *server, uint32_t now_ms);

/** Notes when the first line error since the rate was set is seen. */
void safe_server_line_watch(safe_server_t *server, uint32_t now_ms);

#endif
