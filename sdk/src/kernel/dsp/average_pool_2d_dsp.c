/* SPDX-License-Identifier: Apache-2.0 */
/** @file average_pool_2d_dsp.c int8 average pooling: SXTAB16 adds two of four channels at a time to
 * sums of 16 bits. */
#include "safe/kernel/goal.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"
#include "safe/kernel/pool_2d_dsp.h"

#define LANES SAFE_POOL_DSP_LANES

/** The mean, halves away from zero: C division truncates, so half of the divisor comes first. */
static inline int8_t mean(int32_t sum, int32_t count)
{
    const int32_t half = sum > 0 ? count / 2 : -(count / 2);
    return (int8_t)((sum + half) / count);
}

/** Means over a window, for LANES channels from `tap` on. */
static inline void mean_lanes(const safe_pool_window_t *window, const int8_t *tap, int32_t channels,
                              int32_t next_row, int8_t *output)
{
    const int32_t count = window->rows * window->columns;
    uint32_t even = 0;
    uint32_t odd = 0;
    for (int32_t rows = window->rows; rows > 0; rows--) {
        for (int32_t columns = window->columns; columns > 0; columns--) {
            const uint32_t four = safe_dsp_load(tap);
            even = safe_dsp_sxtab16(even, four);
            odd = safe_dsp_sxtab16_odd(odd, four);
            tap += channels;
        }
        tap += next_row;
    }
    output[0] = mean(safe_dsp_low(even), count);
    output[1] = mean(safe_dsp_low(odd), count);
    output[2] = mean(safe_dsp_high(even), count);
    output[3] = mean(safe_dsp_high(odd), count);
}

/** The same for one channel. */
static inline int8_t mean_one(const safe_pool_window_t *window, const int8_t *tap, int32_t channels,
                              int32_t next_row)
{
    int32_t sum = 0;
    for (int32_t rows = window->rows; rows > 0; rows--) {
        for (int32_t columns = window->columns; columns > 0; columns--) {
            sum += *tap;
            tap += channels;
        }
        tap += next_row;
    }
    return mean(sum, window->rows * window->columns);
}

void safe_kernel_average_pool_2d_s8_dsp(const safe_pool_2d_params_t *params, const int8_t *input,
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
                mean_lanes(&window, &window.first[c], channels, next_row, output);
            }
            for (; c < channels; c++) {
                *output++ = mean_one(&window, &window.first[c], channels, next_row);
            }
        }
        input += params->y.size * params->x.size * channels;
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_dsp_clamp_s8(first, params->batches * positions * channels, params->output_min,
                          params->output_max);
    }
}
