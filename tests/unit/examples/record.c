/* SPDX-License-Identifier: Apache-2.0 */
/* Between an example and the detector: a line for each call, with the bits of the sample. */
#include <stdio.h>
#include <string.h>

#include "safe_forecaster_detector.h"

safe_status_t recorded_step(const float *sample, safe_detector_result_t *result);
safe_status_t recorded_missed(uint32_t count);

safe_status_t recorded_step(const float *sample, safe_detector_result_t *result)
{
    safe_status_t status = safe_forecaster_detector_step(sample, result);

    printf("step %d", (int)result->state);
    for (unsigned c = 0; c < SAFE_FORECASTER_CHANNELS; c++) {
        uint32_t bits;

        memcpy(&bits, &sample[c], sizeof bits);
        printf(" %u", (unsigned)bits);
    }
    puts("");
    return status;
}

safe_status_t recorded_missed(uint32_t count)
{
    printf("missed %u\n", (unsigned)count);
    return safe_forecaster_detector_missed(count);
}
