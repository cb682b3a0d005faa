/* SPDX-License-Identifier: Apache-2.0 */
/* A detector in C++17: numbers on the standard input, a line for each change of state. */
#include <array>
#include <cstdio>

#include "safe_forecaster_detector.hpp"

namespace
{

using Detector = safe::Detector<safe::forecaster_model>;
using Sample = std::array<float, Detector::channels>;

/* In static memory, without any code before main: the first call sets it up. */
Detector detector;

bool read_sensors(Sample &sample)
{
    for (float &value : sample) {
        if (std::scanf("%f", &value) != 1) {
            return false;
        }
    }
    return true;
}

void tell(const safe_detector_result_t &result)
{
    std::printf("state %d at sample %u, score %g", static_cast<int>(result.state),
                static_cast<unsigned>(result.index), static_cast<double>(result.score));
    for (const auto channel : result.top) {
        if (channel != SAFE_DETECTOR_NO_CHANNEL) {
            std::printf(", %s", Detector::channel_name(channel));
        }
    }
    std::puts("");
}

} // namespace

int main()
{
    auto last = SAFE_DETECTOR_WARMUP;
    safe_detector_result_t result;

    for (Sample sample; read_sensors(sample);) {
        const auto status = detector.step(sample, result);
        if (status != SAFE_STATUS_OK && status != SAFE_STATUS_NOT_FINITE) {
            std::puts(safe_status_text(status));
            return 1;
        }
        if (result.state != last) {
            tell(result);
            last = result.state;
        }
    }
    return 0;
}
