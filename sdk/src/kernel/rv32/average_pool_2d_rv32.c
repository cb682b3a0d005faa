/* SPDX-License-Identifier: Apache-2.0 */
/** @file average_pool_2d_rv32.c int8 average pooling, four channels at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/pool_2d_rv32.h"
#include "safe/kernel/rv32.h"

#define LANES SAFE_POOL_RV32_LANES

/** The mean, halves away from zero: C division truncates, so half of the divisor comes first. A
 * mean of int8 values is one. */
static inline int8_t mean(int32_t sum, int32_t count, int32_t half)
{
    int32_t value = (sum > 0 ? sum + half : sum - half) / count;
    SAFE_RV32_WHOLE(value);
    return (int8_t)value;
}

/** Means over a window, for LANES channels from `tap` on. */
static inline void mean_lanes(const safe_pool_rv32_window_t w, const int8_t *tap, int32_t count,
                              int8_t *output)
{
    const int32_t half = count >> 1;
    int32_t s0 = 0;
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t s3 = 0;
    int32_t rows = w.rows;
    do {
        const int8_t *const end = &tap[w.row_bytes];
        do {
            s0 += tap[0];
            s1 += tap[1];
            s2 += tap[2];
            s3 += tap[3];
            tap += w.channels;
        } while (tap != end);
        tap += w.next_row;
        rows--;
    } while (rows != 0);
    output[0] = mean(s0, count, half);
    output[1] = mean(s1, count, half);
    output[2] = mean(s2, count, half);
    output[3] = mean(s3, count, half);
}

/** The same for one channel. */
static inline int8_t mean_one(const safe_pool_rv32_window_t w, const int8_t *tap, int32_t count)
{
    int32_t sum = 0;
    int32_t rows = w.rows;
    do {
        const int8_t *const end = &tap[w.row_bytes];
        do {
            sum += *tap;
            tap += w.channels;
        } while (tap != end);
        tap += w.next_row;
        rows--;
    } while (rows != 0);
    return mean(sum, count, count >> 1);
}

void safe_kernel_average_pool_2d_s8_rv32(const safe_pool_2d_params_t *params, const int8_t *input,
                                         int8_t *output)
{
    const int32_t channels = params->channels;
    const int32_t line_bytes = params->x.size * channels;
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
                const int32_t count = x.count * y.count;
                const int8_t *const tap = &line[x.first * channels];
                const safe_pool_rv32_window_t w = {y.count, row_bytes, line_bytes - row_bytes,
                                                   channels};
                int32_t c = 0;
                for (; channels - c >= LANES; c += LANES, output += LANES) {
                    mean_lanes(w, &tap[c], count, output);
                }
                for (; c < channels; c++) {
                    *output++ = mean_one(w, &tap[c], count);
                }
                position += params->x.stride;
                left--;
            } while (left != 0);
            row++;
        } while (row < params->y.output);
        input += params->y.size * line_bytes;
        batch++;
    } while (batch < params->batches);
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_rv32_clamp_s8(start, (int32_t)(output - start), params->output_min,
                           params->output_max);
    }
}
