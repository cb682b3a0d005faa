/* SPDX-License-Identifier: Apache-2.0 */
/* Where an application with updates (safe/update.h) does more than one without; that one has no
 * byte of it. */
#ifndef SAFE_SRC_APP_UPDATES_H
#define SAFE_SRC_APP_UPDATES_H

#include "safe/server.h"

#if defined(SAFE_APP_UPDATES)

/** Tests a model that is on trial: where that fails, the device restarts with the model that ran
 * before. */
void safe_app_updates_start(safe_server_t *server);

/** Offers the messages of an update, beside what the server has of the application's own. */
void safe_app_updates_offer(safe_server_t *server);

/** To be called in every round of the loop: a trial that nobody confirms in time ends so, too. */
void safe_app_updates_watch(uint32_t now_ms);

#else

static inline void safe_app_updates_start(safe_server_t *server)
{
    (void)server;
}

static inline void safe_app_updates_offer(safe_server_t *server)
{
    (void)server;
}

static inline void safe_app_updates_watch(uint32_t now_ms)
{
    (void)now_ms;
}

#endif

#endif
