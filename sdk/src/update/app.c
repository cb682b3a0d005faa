/* SPDX-License-Identifier: Apache-2.0 */
/* The application with updates: which model runs, in which memory, and how a trial ends. Takes the
 * place of the generated safe_app_model.c. */
#include <string.h>

#include "../app/app.h"
#include "../app/updates.h"
#include "requests.h"
#include "safe/app.h"
#include "safe/compiler.h"
#include "safe/detector_network.h"
#include "safe/port.h"
#include "safe/saved.h"

#define WORD_BYTES 4u

static safe_update_t update;
static safe_app_model_t app; /* model null: nothing was chosen yet */
static safe_detector_config_t config;
static const safe_update_table_t *table;
static uint32_t trial_ms;       /**< Time at which a trial began. */
static safe_server_own_t other; /**< Requests of the application's own; may be null. */

/** Memory that is given away from the front. */
typedef struct pool {
    uint8_t *next;
    size_t left;
    bool is_short;
} pool_t;

/** Takes bytes, whole words of them; null when they are not there, or none are wanted. */
static void *take(pool_t *pool, size_t bytes)
{
    size_t whole = (bytes + WORD_BYTES - 1u) / WORD_BYTES * WORD_BYTES;
    uint8_t *found = pool->next;

    if (bytes > pool->left || whole > pool->left) {
        pool->is_short = true;
        return NULL;
    }
    pool->next += whole;
    pool->left -= whole;
    return bytes == 0u ? NULL : found;
}

/** Lays the model's memory out in the one that all models share; false when it is too small. */
static bool take_memory(const safe_update_config_t *about)
{
    pool_t pool = {.next = about->ram, .left = about->ram_bytes};
    size_t channels = config.channels;
    safe_detector_memory_t *memory = &app.memory;

    app.arena_bytes = config.network == NULL ? 0u : app.model->arena_bytes;
    app.arena = take(&pool, app.arena_bytes);
    memory->horizon_words = config.horizon * channels;
    memory->horizon = take(&pool, memory->horizon_words * sizeof *memory->horizon);
    memory->float_count = safe_detector_floats(&config);
    memory->floats = take(&pool, memory->float_count * sizeof *memory->floats);
    memory->count_count = SAFE_DETECTOR_COUNTS(channels);
    memory->counts = take(&pool, memory->count_count * sizeof *memory->counts);
    memory->window_bytes = config.window * channels;
    memory->window = take(&pool, memory->window_bytes);
    memory->flag_count = SAFE_DETECTOR_FLAGS(channels);
    memory->flags = take(&pool, memory->flag_count * sizeof *memory->flags);
    app.keeper = NULL;
    app.saved = NULL;
    app.saved_bytes = 0;
    if (config.baseline.learn_samples != 0u) {
        app.keeper = &safe_app_keeper;
        app.saved_bytes =
            SAFE_SAVED_BYTES(channels, config.forms[SAFE_DETECTOR_MEDIAN].count,
                             config.forms[SAFE_DETECTOR_INNOVATION].count,
                             config.forms[SAFE_DETECTOR_RESIDUAL].count, config.drift_count);
        app.saved = take(&pool, app.saved_bytes);
    }
    return !pool.is_short;
}

/** Makes a table's model the one that the application runs; false when it does not fit. */
static bool use_table(const safe_update_table_t *chosen)
{
    if (chosen->table_bytes != sizeof *chosen || chosen->config_bytes != sizeof config) {
        return false;
    }
    table = chosen;
    config = *chosen->detector;
    if (config.network != NULL) {
        config.network = &safe_detector_network;
    }
    app.model = chosen->model;
    app.bind = config.network == NULL ? NULL : safe_context_init;
    app.detector = &config;
    return take_memory(&safe_update_config);
}

SAFE_COLD static void choose(void)
{
    safe_update_start(&update, &safe_update_config, safe_port_update_flash());
    if (update.running != SAFE_UPDATE_BUILT_IN) {
        const uint8_t *payload =
            safe_update_payload(&safe_update_config, update.flash, update.running);

        if (use_table((const safe_update_table_t *)(const void *)payload)) {
            return;
        }
        if (update.is_trial) {
            safe_port_reset(); /* the next start rejects it, and runs what ran before */
        }
        update.running = SAFE_UPDATE_BUILT_IN;
        update.is_trial = false;
    }
    if (!use_table(&safe_update_built_in)) {
        safe_app_refuse("memory of the model", SAFE_STATUS_ARENA_TOO_SMALL);
    }
}

const safe_app_model_t *safe_app_model(void)
{
    if (app.model == NULL) {
        choose();
    }
    return &app;
}

static uint32_t left_ms(uint32_t now_ms)
{
    uint32_t passed = now_ms - trial_ms;

    return !update.is_trial || passed >= SAFE_UPDATE_TRIAL_MS ? 0u : SAFE_UPDATE_TRIAL_MS - passed;
}

/** Says on the line what became of an update, e.g. "safe update=trial slot=0". */
SAFE_COLD static void say(const char *what, safe_status_t because)
{
    safe_app_print("safe update=");
    safe_app_print(what);
    if (update.running != SAFE_UPDATE_BUILT_IN) {
        safe_app_print(" slot=");
        safe_app_print_u32(update.running);
    }
    if (because != SAFE_STATUS_OK) {
        safe_app_print(" because: ");
        safe_app_print(safe_status_text(because));
    }
    safe_app_print("\r\n");
}

/** The next start rejects what was tried, and runs what ran before. */
SAFE_COLD static void give_up(safe_status_t because)
{
    say("failed", because);
    safe_port_reset();
}

static safe_status_t take_update_request(const safe_frame_t *request, safe_frame_writer_t *reply)
{
    safe_status_t status =
        safe_update_answer(&update, left_ms(safe_port_time_ms()), request, reply);

    if (request->type == SAFE_MESSAGE_UPDATE_CONFIRM && status == SAFE_STATUS_OK) {
        say("confirmed", SAFE_STATUS_OK);
    }
    return status == SAFE_STATUS_UNKNOWN_MESSAGE && other != NULL ? other(request, reply) : status;
}

SAFE_COLD void safe_app_updates_offer(safe_server_t *server)
{
    if (update.flash != NULL) {
        other = server->own;
        server->own = take_update_request;
        server->features |= SAFE_FEATURE_UPDATE;
    }
}

SAFE_COLD void safe_app_updates_start(safe_server_t *server)
{
    if (update.was_rejected) {
        say("rejected", SAFE_STATUS_OK);
    }
    if (update.is_trial) {
        safe_status_t status;

        say("trial", SAFE_STATUS_OK);
        safe_port_watchdog_start(); /* a model that hangs is given up, too */
        status = safe_update_self_test(table, server->context, server->detector);
        if (status != SAFE_STATUS_OK) {
            give_up(status);
        }
        trial_ms = safe_port_time_ms();
    }
}

void safe_app_updates_watch(uint32_t now_ms)
{
    if (update.is_trial && left_ms(now_ms) == 0u) {
        give_up(SAFE_STATUS_TIMEOUT);
    }
}
