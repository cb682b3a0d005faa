/* SPDX-License-Identifier: Apache-2.0 */
/** @file max_pool_2d_dsp.c int8 maximum pooling: SSUB8 compares four channels, SEL takes the larger
 * ones. */
#include "safe/kernel/goal.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"
#include "safe/kernel/pool_2d_dsp.h"

#define LANES SAFE_POOL_DSP_LANES

/** Maximum over a window, for LANES channels from `tap` on. */
static inline uint32_t max_lanes(const safe_pool_window_t *window, const int8_t *tap,
                                 int32_t channels, int32_t next_row)
{
    uint32_t most = safe_dsp_load(tap);
    for (int32_t rows = window->rows; rows > 0; rows--) {
        for (int32_t columns = window->columns; columns > 0; columns--) {
            most = safe_dsp_max8(most, safe_dsp_load(tap));
            tap += channels;
        }
        tap += next_row;
    }
    return most;
}

/** The same for one channel. */
static inline int8_t max_one(const safe_pool_window_t *window, const int8_t *tap, int32_t channels,
                             int32_t next_row)
{
    int8_t most = *tap;
    for (int32_t rows = window->rows; rows > 0; rows--) {
        for (int32_t columns = window->columns; columns > 0; columns--) {
            most = *tap > most ? *tap : most;
            tap += channels;
        }
        tap += next_row;
    }
    return most;
}

void safe_kernel_max_pool_2d_s8_dsp(const safe_pool_2d_params_t *params, const int8_t *input,
                                    int8_t *output)
{
    const int32_t channels = params->channels;
    const int32_t positions = params->y.output * params->x.output;
    int8_t *const first = output;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t n = 0; n < positions; n++) {
            const safe_pool_window_t window = safe_pool_window(params, input, n);
            const int32_t next_row = (params->x.size - window.columns) * channels;
            int32_t c = 0;
            for (; channels - c >= LANES; c += LANES, output += LANES) {
                safe_dsp_store(output, max_lanes(&window, &window.first[c], channels, next_row));
            }
            for (; c < channels; c++) {
                *output++ = max_one(&window, &window.first[c], channels, next_row);
            }
        }
        input += params->y.size * params->x.size * channels;
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_dsp_clamp_s8(first, params->batches * positions * channels, params->output_min,
                          params->output_max);
    }
}
