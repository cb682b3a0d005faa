/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_s16_tiled.c Convolution of int16 values: four output channels share each value,
 * and are summed in 32 bits for as long as no sum can leave them. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_2d_s16_tiled.h"

#include "safe/compiler.h"
#include "safe/kernel/sum_s16.h"

enum { ROWS = SAFE_TILE_S16_ROWS, BLOCK = SAFE_COLUMN_S16_BLOCK };

/** The products of value i with the weights of four channels. A macro, as the sums must be
 * variables of one function to stay in registers. */
#define PRODUCTS(i)                                                                                \
    do {                                                                                           \
        const int32_t value = values[i];                                                           \
        a0 += value * weights[ROWS * (i)];                                                         \
        a1 += value * weights[ROWS * (i) + 1];                                                     \
        a2 += value * weights[ROWS * (i) + 2];                                                     \
        a3 += value * weights[ROWS * (i) + 3];                                                     \
    } while (0)

/** Adds `length` products, whole blocks, for each of four channels; returns the weights behind. */
static SAFE_NOINLINE const int8_t *add_tile(const int8_t *weights, const int16_t *values,
                                            int32_t length, int32_t sums[ROWS])
{
    int32_t a0 = sums[0];
    int32_t a1 = sums[1];
    int32_t a2 = sums[2];
    int32_t a3 = sums[3];
    for (const int16_t *end = &values[length]; values != end; values += BLOCK) {
        PRODUCTS(0);
        PRODUCTS(1);
        PRODUCTS(2);
        PRODUCTS(3);
        weights += ROWS * BLOCK;
    }
    sums[0] = a0;
    sums[1] = a1;
    sums[2] = a2;
    sums[3] = a3;
    return weights;
}

/** Rescales a sum that has 32 bits: one rounding, at the high word of the product. */
static inline int32_t rescale_narrow(int32_t sum, int32_t multiplier)
{
    const int64_t product = (int64_t)sum * multiplier;
    return (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
}

/** Up to four channels of one position, whose sums have 32 bits. @return The next weights. */
static const int8_t *run_narrow(const safe_conv_2d_s16_tiled_params_t *params,
                                const int16_t *column, int32_t length, const int8_t *weights,
                                const int64_t *bias, const int32_t *multiplier, int32_t count,
                                int16_t *output)
{
    int32_t sums[ROWS];
    for (int32_t r = 0; r < ROWS; r++) {
        sums[r] = (int32_t)bias[r];
    }
    weights = add_tile(weights, column, length, sums);
    for (int32_t r = 0; r < count; r++, multiplier += params->requantize_step) {
        const int32_t scaled = rescale_narrow(sums[r], *multiplier);
        output[r] = (int16_t)safe_clamp(scaled, params->output_min, params->output_max);
    }
    return weights;
}

/** The same for sums of 64 bits, by chunks, or with two roundings. */
static const int8_t *run_wide(const safe_conv_2d_s16_tiled_params_t *params, const int16_t *column,
                              int32_t length, const int8_t *weights, const int64_t *bias,
                              const int32_t *multiplier, const int8_t *shift, int32_t count,
                              int16_t *output)
{
    int64_t totals[ROWS];
    for (int32_t r = 0; r < ROWS; r++) {
        totals[r] = bias[r];
    }
    while (length > 0) {
        const int32_t part = length < params->chunk ? length : params->chunk;
        int32_t sums[ROWS] = {0};
        weights = add_tile(weights, column, part, sums);
        for (int32_t r = 0; r < ROWS; r++) {
            totals[r] += sums[r];
        }
        column += part;
        length -= part;
    }
    for (int32_t r = 0; r < count; r++) {
        const int32_t scaled = safe_rescale_sum(totals[r], *multiplier, *shift, params->wide);
        output[r] = (int16_t)safe_clamp(scaled, params->output_min, params->output_max);
        multiplier += params->requantize_step;
        shift += params->requantize_step;
    }
    return weights;
}

void safe_kernel_conv_2d_s16_tiled(const safe_conv_2d_s16_tiled_params_t *params,
                                   const int16_t *input, const int8_t *weights, const int64_t *bias,
                                   const int32_t *multiplier, const int8_t *shift, void *scratch,
                                   int16_t *output)
{
    const safe_window_s16_t *window = &params->window;
    const int32_t positions = window->y.output * window->x.output;
    const int32_t length = safe_column_s16_length(window);
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t n = 0; n < positions; n++) {
            const int16_t *column = safe_column_s16(window, input, n, (int16_t *)scratch);
            const int8_t *tile = weights;
            for (int32_t first = 0; first < params->output_channels; first += ROWS) {
                const int32_t left = params->output_channels - first;
                const int32_t count = left < ROWS ? left : ROWS;
                const int32_t q = first * params->requantize_step;
                if (params->is_narrow != 0) {
                    tile = run_narrow(params, column, length, tile, &bias[first], &multiplier[q],
                                      count, &output[first]);
                } else {
                    tile = run_wide(params, column, length, tile, &bias[first], &multiplier[q],
                                    &shift[q], count, &output[first]);
                }
            }
            output += params->output_channels;
        }
        input += window->y.size * window->x.size * window->channels;
    }
}
