/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_rv32.c int8 convolution in tiles of four channels at four
 * positions: eight loads for sixteen products. What the positions see is
 * gathered first, value by value interleaved. */
#define SAFE_GOAL_NO_SMALL
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_2d_rv32.h"

#include "safe/compiler.h"

enum { TILE = SAFE_CONV_RV32_TILE };

/** An output position. */
typedef struct position {
    int32_t y;
    int32_t x;
} position_t;

/** Four products of one weight with the four positions. Macros, as the sixteen
 * sums must be variables of one function to stay in registers. */
#define PRODUCTS(sum, i)                                                                           \
    do {                                                                                           \
        const int32_t weight = weights[i];                                                         \
        sum##0 += weight * x0;                                                                     \
        sum##1 += weight * x1;                                                                     \
        sum##2 += weight * x2;                                                                     \
        sum##3 += weight * x3;                                                                     \
        SAFE_RV32_FENCE();                                                                         \
    } while (0)

/** The sixteen products of value i of each position. */
#define STEP(i)                                                                                    \
    do {                                                                                           \
        const int32_t x0 = values[TILE * (i)];                                                     \
        const int32_t x1 = values[TILE * (i) + 1];                                                 \
        const int32_t x2 = values[TILE * (i) + 2];                                                 \
        const int32_t x3 = values[TILE * (i) + 3];                                                 \
        PRODUCTS(a, TILE *(i));                                                                    \
        PRODUCTS(b, TILE *(i) + 1);                                                                \
        PRODUCTS(c, TILE *(i) + 2);                                                                \
        PRODUCTS(d, TILE *(i) + 3);                                                                \
    } while (0)

/** Writes channel i of the group at the four positions. */
#define STORE(sum, i)                                                                              \
    do {                                                                                           \
        const safe_rv32_rescale_t rescale =                                                        \
            safe_rv32_rescale_of(group->multiplier[i], group->shift[i], halves);                   \
        y0[i] = (int8_t)safe_rv32_rescale_s8(sum##0, rescale);                                     \
        y1[i] = (int8_t)safe_rv32_rescale_s8(sum##1, rescale);                                     \
        y2[i] = (int8_t)safe_rv32_rescale_s8(sum##2, rescale);                                     \
        y3[i] = (int8_t)safe_rv32_rescale_s8(sum##3, rescale);                                     \
    } while (0)

/** Up to four channels at four positions.
 * @param length Values that each position sees. @param outputs First channel of
 * each position.
 * @param first First channel of the group. @param channels From there on, at
 * least 1.
 * @param halves 1 + twice the zero point of the output.
 * @return The weights of the next group. */
static SAFE_NOINLINE const int8_t *run_tile(const int8_t *weights, const int8_t *values,
                                            int32_t length, const safe_conv_rv32_group_t *group,
                                            int8_t *const outputs[TILE], int32_t first,
                                            int32_t channels, int32_t halves)
{
    int32_t a0 = group->start[0], a1 = a0, a2 = a0, a3 = a0;
    int32_t b0 = group->start[1], b1 = b0, b2 = b0, b3 = b0;
    int32_t c0 = group->start[2], c1 = c0, c2 = c0, c3 = c0;
    int32_t d0 = group->start[3], d1 = d0, d2 = d0, d3 = d0;
    const int8_t *end = &values[TILE * length];
#if SAFE_GOAL == SAFE_GOAL_SIZE
    for (; values != end; values += TILE, weights += TILE) {
        STEP(0);
    }
#else
    /* The loop below takes four values at a time: the rest comes first. */
    for (int32_t rest = length & 3; rest > 0; rest--, values += TILE, weights += TILE) {
        STEP(0);
    }
    for (; values != end; values += 4 * TILE, weights += 4 * TILE) {
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
    }
#endif
    /* The last group may have fewer than four channels: nothing is written past them. */
    int8_t *y0 = &outputs[0][first];
    int8_t *y1 = &outputs[1][first];
    int8_t *y2 = &outputs[2][first];
    int8_t *y3 = &outputs[3][first];
    STORE(a, 0);
    if (channels > 1) {
        STORE(b, 1);
    }
    if (channels > 2) {
        STORE(c, 2);
    }
    if (channels > 3) {
        STORE(d, 3);
    }
    return weights;
}

/** Copies `length` bytes to every fourth byte; returns where the next one goes.
 */
static inline int8_t *spread(int8_t *to, const int8_t *values, int32_t length)
{
    const int8_t *end = &values[length];
    if ((length & 1) != 0) {
        *to = *values++;
        to += TILE;
    }
    for (; values != end; values += 2, to += 2 * TILE) {
        const int8_t first = values[0];
        const int8_t second = values[1];
        to[0] = first;
        to[TILE] = second;
    }
    return to;
}

/** Writes `length` times the zero point to every fourth byte; returns where the
 * next one goes. */
static inline int8_t *fill(int8_t *to, int32_t value, int32_t length)
{
    for (; length > 0; length--, to += TILE) {
        *to = (int8_t)value;
    }
    return to;
}

/** Gathers what one output position sees of one image, to every fourth byte. */
static SAFE_NOINLINE void gather(const safe_conv_2d_rv32_params_t *params, const int8_t *image,
                                 position_t at, int8_t *to)
{
    const int32_t channels = params->input_channels;
    const int32_t row_length = params->x.kernel * channels;
    const int32_t width = params->x.size;
    const int32_t first = at.x * params->x.stride - params->x.pad;
    const int32_t inside =
        params->x.dilation == 1 && first >= 0 && first + params->x.kernel <= width;
    int32_t y = at.y * params->y.stride - params->y.pad;
    for (int32_t ky = 0; ky < params->y.kernel; ky++, y += params->y.dilation) {
        /* A row of taps above or below the image sees zero points only. */
        if (y < 0 || y >= params->y.size) {
            to = fill(to, params->input_zero_point, row_length);
            continue;
        }
        const int8_t *row = &image[y * width * channels];
        /* No border at the sides and no dilation: the row of taps is one run of bytes. */
        if (inside != 0) {
            to = spread(to, &row[first * channels], row_length);
            continue;
        }
        int32_t x = first;
        for (int32_t kx = 0; kx < params->x.kernel; kx++, x += params->x.dilation) {
            const int32_t seen = x >= 0 && x < width;
            to = seen ? spread(to, &row[x * channels], channels)
                      : fill(to, params->input_zero_point, channels);
        }
    }
}

/** All output positions of one image. */
static void run_image(const safe_conv_2d_rv32_params_t *params, const int8_t *image,
                      const int8_t *weights, const safe_conv_rv32_group_t *groups, int8_t *patch,
                      int8_t *output)
{
    const int32_t channels = params->output_channels;
    const int32_t length = params->y.kernel * params->x.kernel * params->input_channels;
    position_t at = {0, 0};
    for (int32_t left = params->y.output * params->x.output; left > 0; left -= TILE) {
        int8_t *outputs[TILE];
        position_t seen = at;
        for (int32_t i = 0; i < TILE; i++) {
            outputs[i] = output;
            if (i < left) {
                seen = at;
                output += channels;
                at.x++;
                if (at.x == params->x.output) {
                    at.x = 0;
                    at.y++;
                }
            } else { /* no more positions: the last one again */
                outputs[i] = outputs[i - 1];
            }
            gather(params, image, seen, &patch[i]);
        }
        /* What the four positions see is gathered once for all channels. */
        const int8_t *tile = weights;
        for (int32_t first = 0; first < channels; first += TILE) {
            tile = run_tile(tile, patch, length, &groups[first / TILE], outputs, first,
                            channels - first, 2 * params->output_zero_point + 1);
        }
    }
}

void safe_kernel_conv_2d_s8_rv32(const safe_conv_2d_rv32_params_t *params, const int8_t *input,
                                 const int8_t *weights, const int32_t *groups, void *scratch,
                                 int8_t *output)
{
    const int32_t output_size = params->y.output * params->x.output * params->output_channels;
    int8_t *const first = output;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        run_image(params, input, weights, (const safe_conv_rv32_group_t *)groups, (int8_t *)scratch,
                  output);
        input += params->y.size * params->x.size * params->input_channels;
        output += output_size;
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_rv32_clamp_s8(first, params->batches * output_size, params->output_min,
                           params->output_max);
    }
}
