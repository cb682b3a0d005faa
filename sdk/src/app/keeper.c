/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a baseline that the device has learned: restored at start, saved when it is worth it. */
#include "app.h"
#include "safe/app.h"
#include "safe/compiler.h"
#include "safe/port.h"
#include "safe/saved.h"

/** Time between two saves of a baseline that only follows the plant: flash wears. */
#define SAVE_PERIOD_MS 3600000u
/** Events after which a baseline is worth a save of its own. */
#define NEW_BASELINE (SAFE_DETECTOR_LEARNED | SAFE_DETECTOR_CHANGED | SAFE_DETECTOR_RECOVERED)

/** When to save. */
typedef struct saving {
    const safe_store_flash_t *flash; /**< Null: nothing is kept. */
    bool is_due;
    bool is_quiet;     /**< The last sample was OK. */
    uint32_t saved_ms; /**< Time of the last attempt. */
} saving_t;

static saving_t saving;

/** Says what became of a baseline, e.g. "safe baseline=refused because: …". */
static void tell_baseline(const char *what, safe_status_t status)
{
    safe_app_print("safe baseline=");
    safe_app_print(what);
    if (status != SAFE_STATUS_OK) {
        safe_app_print(" because: ");
        safe_app_print(safe_status_text(status));
    }
    safe_app_print("\r\n");
}

SAFE_COLD static void restore_baseline(safe_detector_t *detector)
{
    const safe_app_model_t *app = safe_app_model();
    const safe_store_flash_t *flash = safe_port_store();
    size_t length = 0;
    safe_status_t status;

    if (flash == NULL) {
        return;
    }
    saving.flash = flash;
    saving.saved_ms = safe_port_time_ms();
    status = safe_store_load(flash, app->saved, app->saved_bytes, &length);
    if (status == SAFE_STATUS_EMPTY) {
        tell_baseline("none", SAFE_STATUS_OK);
        return;
    }
    if (status == SAFE_STATUS_OK) {
        status = safe_detector_restore(detector, app->saved, length);
    }
    tell_baseline(status == SAFE_STATUS_OK ? "restored" : "refused", status);
}

static void note_result(const safe_detector_result_t *result)
{
    saving.is_quiet = result->state == SAFE_DETECTOR_OK;
    saving.is_due = saving.is_due || (result->event & NEW_BASELINE) != 0u;
}

/** Only between requests: flash may hold the core up. */
SAFE_COLD static void save_baseline(const safe_detector_t *detector, uint32_t now_ms)
{
    const safe_app_model_t *app = safe_app_model();
    bool is_late = saving.is_quiet && now_ms - saving.saved_ms >= SAVE_PERIOD_MS;
    size_t length = 0;
    safe_status_t status;

    if (saving.flash == NULL || !(saving.is_due || is_late)) {
        return;
    }
    saving.is_due = false;
    saving.saved_ms = now_ms; /* a flash that refuses is asked again in an hour */
    status = safe_detector_save(detector, app->saved, app->saved_bytes, &length);
    if (status == SAFE_STATUS_NOT_READY) {
        return; /* it is being learned anew */
    }
    if (status == SAFE_STATUS_OK) {
        safe_port_watchdog_feed(); /* an erase takes its time */
        status = safe_store_save(saving.flash, app->saved, length);
    }
    tell_baseline(status == SAFE_STATUS_OK ? "saved" : "not-saved", status);
}

const safe_app_keeper_t safe_app_keeper = {
    .restore = restore_baseline,
    .note = note_result,
    .save = save_baseline,
};
