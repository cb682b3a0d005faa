/* SPDX-License-Identifier: Apache-2.0 */
/* The golden windows and samples that an image brings with it, run on the device itself. */
#include <string.h>

#include "safe/compiler.h"
#include "safe/crc32.h"
#include "safe/port.h"
#include "slots.h"

#define FOLDED_BYTES 6u

uint32_t safe_update_fold(uint32_t crc, const safe_detector_result_t *result)
{
    uint8_t bytes[FOLDED_BYTES];
    uint32_t bits;

    (void)memcpy(&bits, &result->score, sizeof bits);
    safe_update_put_u32(bytes, bits);
    bytes[4] = (uint8_t)result->state;
    bytes[5] = (uint8_t)result->masked_count;
    return safe_crc32(crc, bytes, sizeof bytes);
}

static safe_status_t run_windows(const safe_update_table_t *table, const safe_context_t *context)
{
    for (uint32_t i = 0; i < table->window_count; i++) {
        uint32_t input_bytes = table->model->inputs[0].size_bytes;
        uint32_t output_bytes = table->model->outputs[0].size_bytes;
        void *input = safe_context_input(context, 0);
        safe_status_t status = input == NULL ? SAFE_STATUS_UNSUPPORTED : SAFE_STATUS_OK;
        const void *output;

        safe_port_watchdog_feed();
        if (status == SAFE_STATUS_OK) {
            (void)memcpy(input, &table->windows[(size_t)i * input_bytes], input_bytes);
            status = safe_context_reset(context);
        }
        if (status == SAFE_STATUS_OK) {
            status = safe_context_invoke(context);
        }
        if (status != SAFE_STATUS_OK) {
            return status;
        }
        output = safe_context_output(context, 0);
        if (output == NULL ||
            memcmp(output, &table->outputs[(size_t)i * output_bytes], output_bytes) != 0) {
            return SAFE_STATUS_CORRUPT;
        }
    }
    return SAFE_STATUS_OK;
}

static safe_status_t run_samples(const safe_update_table_t *table, safe_detector_t *detector)
{
    size_t channels = table->detector->channels;
    uint32_t crc = 0;

    for (uint32_t i = 0; i < table->sample_count; i++) {
        safe_detector_result_t result;
        safe_status_t status =
            safe_detector_step(detector, &table->samples[i * channels], channels, &result);

        safe_port_watchdog_feed();
        if (status != SAFE_STATUS_OK && status != SAFE_STATUS_NOT_FINITE) {
            return status;
        }
        crc = safe_update_fold(crc, &result);
    }
    return crc == table->records_crc ? SAFE_STATUS_OK : SAFE_STATUS_CORRUPT;
}

SAFE_COLD safe_status_t safe_update_self_test(const safe_update_table_t *table,
                                              const safe_context_t *context,
                                              safe_detector_t *detector)
{
    safe_status_t status = run_windows(table, context);

    if (status == SAFE_STATUS_OK) {
        status = run_samples(table, detector);
    }
    if (status == SAFE_STATUS_OK) {
        status = safe_detector_reset(detector);
    }
    return status;
}
