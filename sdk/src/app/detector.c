/* SPDX-License-Identifier: Apache-2.0 */
/* The product: raw samples in, from the line or from sensors of its own, their records out, and a
 * line of text when the state changes. */
#include "app.h"

#include "safe/compiler.h"
#include <string.h>

static safe_detector_state_t last_state = SAFE_DETECTOR_WARMUP;
static uint16_t last_masked;
static uint16_t last_drift = SAFE_DETECTOR_NO_CHANNEL;

static void print_channels(const char *name, const uint16_t *channels)
{
    for (size_t i = 0; i < SAFE_DETECTOR_TOP && channels[i] != SAFE_DETECTOR_NO_CHANNEL; i++) {
        safe_app_print(i == 0u ? name : ",");
        safe_app_print_u32(channels[i]);
    }
}

static void print_events(const safe_detector_result_t *result)
{
    if ((result->event & SAFE_DETECTOR_LEARNED) != 0u) {
        safe_app_print(" event=learned");
    }
    if ((result->event & SAFE_DETECTOR_CHANGED) != 0u) {
        safe_app_print(" event=state-changed");
    }
    if ((result->event & SAFE_DETECTOR_RECOVERED) != 0u) {
        safe_app_print(" event=recovered");
    }
    if ((result->event & SAFE_DETECTOR_FORGOTTEN) != 0u) {
        safe_app_print(" event=relearn");
    }
    if ((result->event & SAFE_DETECTOR_SILENCE) != 0u) {
        safe_app_print(" event=silence");
    }
    if (result->drift != SAFE_DETECTOR_NO_CHANNEL) {
        safe_app_print(" drift=");
        safe_app_print_u32(result->drift);
    }
}

/** Prints a line when the state, the masked channels or the baseline changed. */
SAFE_COLD static void tell_change(safe_status_t status, const safe_detector_result_t *result)
{
    static const char *const names[] = {"warm-up",  "ok",     "alarm", "learning",
                                        "degraded", "notice", "stale"};
    uint32_t bits;

    if (result->state == last_state && result->masked_count == last_masked &&
        result->drift == last_drift && result->event == 0u) {
        return;
    }
    last_state = result->state;
    last_masked = result->masked_count;
    last_drift = result->drift;
    (void)memcpy(&bits, &result->score, sizeof bits);
    safe_app_print("safe state=");
    safe_app_print(names[result->state]);
    safe_app_print(" sample=");
    safe_app_print_u32(result->index);
    safe_app_print(" score_bits=");
    safe_app_print_hex(bits);
    print_channels(" channels=", result->top);
    print_channels(" masked=", result->masked);
    print_events(result);
    if (status != SAFE_STATUS_OK) {
        safe_app_print(" because: ");
        safe_app_print(safe_status_text(status));
    }
    safe_app_print("\r\n");
}

int main(void)
{
    safe_app_start("detector", NULL, tell_change);
    safe_app_keep_baseline();
    safe_app_use_sensors();
    safe_app_serve();
    return 0;
}
