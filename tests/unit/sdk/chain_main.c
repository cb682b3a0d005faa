/* SPDX-License-Identifier: Apache-2.0 */
/* A user's program around a standalone folder with a detector: raw samples in on stdin, float32
 * [channels] each; a record of chain_record.h out on stdout for each one. */
#include "chain_record.h"

int main(void)
{
    float sample[SAFE_FORECASTER_CHANNELS];

    if (safe_forecaster_detector_init() != SAFE_STATUS_OK) {
        return 1;
    }
    while (fread(sample, sizeof sample, 1, stdin) == 1) {
        const safe_context_t *context = &safe_forecaster_detector_get()->context;
        safe_detector_result_t result;
        safe_status_t status = safe_forecaster_detector_step(sample, &result);

        if (!write_record(status, &result, safe_forecaster_output(context))) {
            return 1;
        }
    }
    return 0;
}
