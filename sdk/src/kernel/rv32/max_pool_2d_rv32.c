/* SPDX-License-Identifier: Apache-2.0 */
/** @file max_pool_2d_rv32.c int8 maximum pooling, four channels at a time; the maximum starts from
 * the lower limit. */
#include "safe/kernel/goal.h"

#include "safe/kernel/pool_2d_rv32.h"
#include "safe/kernel/rv32.h"

#define LANES SAFE_POOL_RV32_LANES

static inline int32_t raised(int32_t most, int32_t tap)
{
    return tap > most ? tap : most;
}

/** Maximum over a window, for LANES channels from `tap` on. */
static inline void max_lanes(const safe_pool_rv32_window_t w, const int8_t *tap, int32_t low,
                             int8_t *output)
{
    int32_t m0 = low;
    int32_t m1 = low;
    int32_t m2 = low;
    int32_t m3 = low;
    int32_t rows = w.rows;
    do {
        const int8_t *const end = &tap[w.row_bytes];
        do {
            m0 = raised(m0, tap[0]);
            m1 = raised(m1, tap[1]);
            m2 = raised(m2, tap[2]);
            m3 = raised(m3, tap[3]);
            tap += w.channels;
        } while (tap != end);
        tap += w.next_row;
        rows--;
    } while (rows != 0);
    output[0] = (int8_t)m0;
    output[1] = (int8_t)m1;
    output[2] = (int8_t)m2;
    output[3] = (int8_t)m3;
}

/** The same for one channel. */
static inline int8_t max_one(const safe_pool_rv32_window_t w, const int8_t *tap, int32_t low)
{
    int32_t most = low;
    int32_t rows = w.rows;
    do {
        const int8_t *const end = &tap[w.row_bytes];
        do {
            most = raised(most, *tap);
            tap += w.channels;
        } while (tap != end);
        tap += w.next_row;
        rows--;
    } while (rows != 0);
    return (int8_t)most;
}

void safe_kernel_max_pool_2d_s8_rv32(const safe_pool_2d_params_t *params, const int8_t *input,
                                     int8_t *output)
{
    const int32_t channels = params->channels;
    const int32_t line_bytes = params->x.size * channels;
    const int32_t low = params->output_min;
    int8_t *const start = output;
    int32_t batch = 0;
    do {
        int32_t row = 0;
        do {
            const safe_pool_rv32_taps_t y =
                safe_pool_rv32_taps(&params->y, row * params->y.stride - params->y.pad);
            const int8_t *const line = &input[y.first * line_bytes];
            int32_t position = -params->x.pad;
            int32_t left = params->x.output;
            do {
                const safe_pool_rv32_taps_t x = safe_pool_rv32_taps(&params->x, position);
                const int32_t row_bytes = x.count * channels;
                const int8_t *const tap = &line[x.first * channels];
                const safe_pool_rv32_window_t w = {y.count, row_bytes, line_bytes - row_bytes,
                                                   channels};
                int32_t c = 0;
                for (; channels - c >= LANES; c += LANES, output += LANES) {
                    max_lanes(w, &tap[c], low, output);
                }
                for (; c < channels; c++) {
                    *output++ = max_one(w, &tap[c], low);
                }
                position += params->x.stride;
                left--;
            } while (left != 0);
            row++;
        } while (row < params->y.output);
        input += params->y.size * line_bytes;
        batch++;
    } while (batch < params->batches);
    if (params->output_max < INT8_MAX) {
        safe_rv32_clamp_s8(start, (int32_t)(output - start), INT8_MIN, params->output_max);
    }
}
