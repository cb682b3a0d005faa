/* SPDX-License-Identifier: Apache-2.0 */
/* The product: raw samples in, their records out, and a line of text when the state changes. */
#include "app.h"

#include <string.h>

static safe_detector_state_t last_state = SAFE_DETECTOR_WARMUP;

static void tell_change(safe_status_t status, const safe_detector_result_t *result)
{
    static const char *const names[] = {"warm-up", "ok", "alarm", "learning", "sensor-fault"};
    uint32_t bits;

    if (result->state == last_state) {
        return;
    }
    last_state = result->state;
    memcpy(&bits, &result->score, sizeof bits);
    safe_app_print("safe state=");
    safe_app_print(names[result->state]);
    safe_app_print(" sample=");
    safe_app_print_u32(result->index);
    safe_app_print(" score_bits=");
    safe_app_print_hex(bits);
    for (size_t i = 0; i < SAFE_DETECTOR_TOP && result->top[i] != SAFE_DETECTOR_NO_CHANNEL; i++) {
        safe_app_print(i == 0u ? " channels=" : ",");
        safe_app_print_u32(result->top[i]);
    }
    if (status != SAFE_STATUS_OK) {
        safe_app_print(" because: ");
        safe_app_print(safe_status_text(status));
    }
    safe_app_print("\r\n");
}

int main(void)
{
    safe_app_start("detector", SAFE_FEATURE_STREAM, tell_change);
    safe_app_serve();
    return 0;
}
