/* SPDX-License-Identifier: Apache-2.0 */
/* The same as chain_main.c in C++, with every call of the wrapper. */
#include "chain_record.h"
#include "safe_forecaster_detector.hpp"

using Detector = safe::Detector<safe::forecaster_model>;

static Detector detector;

/* A container of the caller's own, as std::array is one. */
struct Sample {
    float values[Detector::channels];
    const float *data() const
    {
        return values;
    }
    size_t size() const
    {
        return Detector::channels;
    }
};

static bool refuses_wrong_use()
{
    Detector other;
    safe_detector_result_t result;
    uint8_t saved[4];
    size_t length = 0;
    const float few[3] = {1, 2, 3};
    const float many[Detector::channels] = {};

    return Detector::channels == 16 && Detector::saved_bytes == 0 && other.forecast().empty() &&
           other.step(few, result) == SAFE_STATUS_ARGUMENT &&
           other.step(safe::Span<const float>(many, 3), result) == SAFE_STATUS_ARGUMENT &&
           other.step({}, result) == SAFE_STATUS_ARGUMENT &&
           other.step(many, result) == SAFE_STATUS_OK && !result.has_forecast &&
           other.forecast().size() == SAFE_FORECASTER_OUTPUT_ELEMENTS &&
           other.missed(3) == SAFE_STATUS_OK && other.gap() == SAFE_STATUS_OK &&
           other.set_phase(1) == SAFE_STATUS_ARGUMENT &&
           other.save(saved, length) == SAFE_STATUS_UNSUPPORTED &&
           other.restore(saved) == SAFE_STATUS_UNSUPPORTED && other.init() == SAFE_STATUS_OK &&
           other.step(many, result) == SAFE_STATUS_OK && result.index == 0 &&
           strcmp(Detector::channel_name(SAFE_FORECASTER_CHANNEL_FLOW), "flow") == 0 &&
           strcmp(Detector::channel_unit(SAFE_FORECASTER_CHANNEL_FLOW), "m3/h") == 0;
}

int main()
{
    Sample sample{};

    if (!refuses_wrong_use()) {
        return 2;
    }
    while (fread(sample.values, sizeof sample.values, 1, stdin) == 1) {
        safe_detector_result_t result;
        const safe_status_t status = detector.step(sample, result);

        if (!write_record(status, &result, detector.forecast().data())) {
            return 1;
        }
    }
    return 0;
}
