/* SPDX-License-Identifier: Apache-2.0 */
/* Asleep between two samples: the core wakes for the millisecond clock, and once a second for a
 * sample. The sensors are those of another folder (safe/sensor.h). */
#include <string.h>

#include "safe/port.h"
#include "safe/sensor.h"
#include "safe/ticker.h"
#include "safe_forecaster_detector.h"

static void say(const char *text)
{
    if (safe_port_write((const uint8_t *)text, strlen(text)) != SAFE_STATUS_OK) {
        return; /* nobody listens: the port keeps it in its status word */
    }
}

/** Takes one sample. @return what the detector says of it. */
static safe_detector_state_t take_sample(uint32_t missed)
{
    float sample[SAFE_FORECASTER_CHANNELS];
    safe_detector_result_t result = {.state = SAFE_DETECTOR_STALE};
    safe_status_t status = SAFE_STATUS_OK;

    if (missed != 0u) {
        status = safe_forecaster_detector_missed(missed);
    }
    if (status == SAFE_STATUS_OK) {
        status = safe_sensor_read(sample);
    }
    if (status == SAFE_STATUS_OK) {
        status = safe_forecaster_detector_step(sample, &result);
    }
    if (status != SAFE_STATUS_OK) {
        say(safe_status_text(status));
        say("\r\n");
    }
    return result.state;
}

int main(void)
{
    safe_detector_state_t last = SAFE_DETECTOR_WARMUP;
    safe_ticker_t ticker;

    safe_port_init();
    if (safe_forecaster_detector_init() != SAFE_STATUS_OK ||
        safe_sensor_start() != SAFE_STATUS_OK) {
        say("not ready\r\n");
        return 1;
    }
    safe_ticker_start(&ticker, SAFE_FORECASTER_PERIOD_US, safe_port_time_ms());
    for (;;) {
        uint32_t ticks = safe_ticker_take(&ticker, safe_port_time_ms());

        if (ticks == 0u) {
            safe_port_idle(); /* WFI: until the next interrupt */
            continue;
        }
        safe_detector_state_t state = take_sample(ticks - 1u);
        if (state != last) {
            say(state == SAFE_DETECTOR_ALARM ? "alarm\r\n" : "no alarm\r\n");
        }
        last = state;
    }
}
