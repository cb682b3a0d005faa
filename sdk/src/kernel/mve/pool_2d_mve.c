/* SPDX-License-Identifier: Apache-2.0 */
/** @file pool_2d_mve.c int8 pooling: four channels of a window at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/pool_2d_mve.h"

#include "safe/compiler.h"
#include "safe/kernel/mve_requantize.h"

/** The taps of a window that lie inside the image. */
typedef struct taps {
    const int8_t *first; /**< The first of them, at channel 0. */
    int32_t rows;
    int32_t columns;
} taps_t;

/** What divides by `count` in [1, SAFE_POOL_2D_MVE_MAX_TAPS], see mean_of. */
static inline int32_t reciprocal_of(int32_t count)
{
    return count == 1 ? INT32_MAX : INT32_MAX / count + 1;
}

/**
 * sum / count, halves away from zero.
 *
 * TFLite's (|sum| + count / 2) / count, rounded down, is |sum| / count with halves up. The
 * reciprocal exceeds 2^31 / count by at most 1, so that with |sum| <= 2^15 the product exceeds
 * |sum| / count by at most 2^-16: less than the 1 / (2 * count) from any quotient that is no tie to
 * the next one. By 1, the product falls short by as little. VQRDMULH rounds it, halves up.
 */
static inline safe_mve_s32_t mean_of(safe_mve_s32_t sum, safe_mve_s32_t reciprocal)
{
    const safe_mve_s32_t sign = safe_mve_sign(sum);
    const safe_mve_s32_t size = safe_mve_qrdmulh(safe_mve_abs(sum), reciprocal);
    /* Bits flipped, and 1 more: the negative number. */
    return safe_mve_mla_n(safe_mve_xor(size, sign), sign, -1);
}

/** Reduces up to four channels of a window. @param average 1, or 0 for the maximum: a constant.
 * @param count Channels; SAFE_MVE_LANES as a constant needs no predicate. */
static inline safe_mve_s32_t reduce_four(const safe_pool_2d_params_t *params, const taps_t *taps,
                                         int32_t average, int32_t count)
{
    const int32_t channels = params->channels;
    const int32_t next_row = (params->x.size - taps->columns) * channels;
    const int8_t *tap = taps->first;
    safe_mve_s32_t all = safe_mve_dup(average != 0 ? 0 : INT8_MIN);
    for (int32_t y = taps->rows; y > 0; y--) {
        for (int32_t x = taps->columns; x > 0; x--) {
            const safe_mve_s32_t one =
                count == SAFE_MVE_LANES ? safe_mve_load_s8(tap) : safe_mve_load_some_s8(tap, count);
            all = average != 0 ? safe_mve_add(all, one) : safe_mve_max(all, one);
            tap += channels;
        }
        tap += next_row;
    }
    return all;
}

/** Limits the result of a window, which a mean is divided for before. */
static inline safe_mve_s32_t finished(const safe_pool_2d_params_t *params, safe_mve_s32_t all,
                                      int32_t average, int32_t count)
{
    if (average != 0) {
        all = mean_of(all, safe_mve_dup(reciprocal_of(count)));
    }
    all = safe_mve_max(all, safe_mve_dup(params->output_min));
    return safe_mve_min(all, safe_mve_dup(params->output_max));
}

/** Reduces all channels of one window. @param average As for reduce_four. */
static inline void reduce(const safe_pool_2d_params_t *params, taps_t taps, int32_t average,
                          int8_t *output)
{
    const int32_t count = taps.rows * taps.columns;
    const int32_t rest = params->channels % SAFE_MVE_LANES;
    for (int32_t four = params->channels / SAFE_MVE_LANES; four > 0; four--) {
        const safe_mve_s32_t all = reduce_four(params, &taps, average, SAFE_MVE_LANES);
        safe_mve_store_s8(output, finished(params, all, average, count));
        taps.first += SAFE_MVE_LANES;
        output += SAFE_MVE_LANES;
    }
    if (rest > 0) {
        const safe_mve_s32_t all = reduce_four(params, &taps, average, rest);
        safe_mve_store_some_s8(output, finished(params, all, average, count), rest);
    }
}

static SAFE_NOINLINE void reduce_max(const safe_pool_2d_params_t *params, taps_t taps,
                                     int8_t *output)
{
    reduce(params, taps, 0, output);
}

static SAFE_NOINLINE void reduce_mean(const safe_pool_2d_params_t *params, taps_t taps,
                                      int8_t *output)
{
    reduce(params, taps, 1, output);
}

/** All windows of all images, in the order of the output. @param average As for reduce. */
static inline void pool(const safe_pool_2d_params_t *params, const int8_t *input, int8_t *output,
                        int32_t average)
{
    const int32_t row_bytes = params->x.size * params->channels;
    for (int32_t n = 0; n < params->batches; n++) {
        for (int32_t row = 0; row < params->y.output; row++) {
            const safe_conv_taps_t y = safe_conv_axis_taps(&params->y, row);
            const int8_t *first = &input[(y.position + y.first) * row_bytes];
            for (int32_t column = 0; column < params->x.output; column++) {
                const safe_conv_taps_t x = safe_conv_axis_taps(&params->x, column);
                const taps_t taps = {&first[(x.position + x.first) * params->channels],
                                     y.end - y.first, x.end - x.first};
                if (average != 0) {
                    reduce_mean(params, taps, output);
                } else {
                    reduce_max(params, taps, output);
                }
                output += params->channels;
            }
        }
        input += params->y.size * row_bytes;
    }
}

void safe_kernel_max_pool_2d_s8_mve(const safe_pool_2d_params_t *params, const int8_t *input,
                                    int8_t *output)
{
    pool(params, input, output, 0);
}

void safe_kernel_average_pool_2d_s8_mve(const safe_pool_2d_params_t *params, const int8_t *input,
                                        int8_t *output)
{
    pool(params, input, output, 1);
}
