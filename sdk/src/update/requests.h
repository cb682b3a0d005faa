/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of an update, for the application that offers them. */
#ifndef SAFE_SRC_UPDATE_REQUESTS_H
#define SAFE_SRC_UPDATE_REQUESTS_H

#include "safe/server.h"
#include "safe/update.h"

/** Carries out one request and writes the payload of its reply: a safe_server_own_t.
 * @param left_ms what is left of the trial; 0 when nothing is on trial. */
safe_status_t safe_update_answer(safe_update_t *update, uint32_t left_ms,
                                 const safe_frame_t *request, safe_frame_writer_t *reply);

#endif
