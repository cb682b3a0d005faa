/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_v6m.c int8 convolution at four positions at a time. What they see is gathered
 * first, two positions in each word. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_2d_v6m.h"

#include "safe/compiler.h"
#include "safe/kernel/row4_v6m.h"
#include "safe/kernel/v6m.h"

enum { POSITIONS = SAFE_ROW4_V6M_POSITIONS };

/** An output position. */
typedef struct position {
    int32_t y;
    int32_t x;
} position_t;

/** Writes values to the lower half of every second word, or adds them to the upper one; returns
 * where the next one goes. A position with an odd number comes after its neighbour. */
static SAFE_NOINLINE uint32_t *spread(uint32_t *to, const int8_t *values, int32_t length,
                                      int32_t is_upper)
{
    const int8_t *const end = &values[length];
    if (is_upper != 0) {
        for (; values != end; to += 2) {
            *to += (uint32_t)(int32_t)*values++ << 16;
        }
    } else {
        for (; values != end; to += 2) {
            *to = (uint32_t)(int32_t)*values++;
        }
    }
    return to;
}

/** The same with `length` times one value. */
static uint32_t *fill(uint32_t *to, int32_t value, int32_t length, int32_t is_upper)
{
    for (; length > 0; length--, to += 2) {
        *to = is_upper != 0 ? *to + ((uint32_t)value << 16) : (uint32_t)value;
    }
    return to;
}

/** Gathers what one output position sees of one image.
 * @param to First word of the position. */
static SAFE_NOINLINE void gather(const safe_conv_2d_v6m_params_t *params, const int8_t *image,
                                 position_t at, uint32_t *to, int32_t is_upper)
{
    const int32_t channels = params->input_channels;
    const int32_t row_length = params->x.kernel * channels;
    const int32_t width = params->x.size;
    const int32_t zero = params->input_zero_point;
    const int32_t first = at.x * params->x.stride - params->x.pad;
    const int32_t inside =
        params->x.dilation == 1 && first >= 0 && first + params->x.kernel <= width;
    int32_t y = at.y * params->y.stride - params->y.pad;
    for (int32_t ky = 0; ky < params->y.kernel; ky++, y += params->y.dilation) {
        /* A row of taps above or below the image sees zero points only. */
        if (y < 0 || y >= params->y.size) {
            to = fill(to, zero, row_length, is_upper);
            continue;
        }
        const int8_t *row = &image[y * width * channels];
        /* No border at the sides and no dilation: the row of taps is one run of bytes. */
        if (inside != 0) {
            to = spread(to, &row[first * channels], row_length, is_upper);
            continue;
        }
        int32_t x = first;
        for (int32_t kx = 0; kx < params->x.kernel; kx++, x += params->x.dilation) {
            const int32_t seen = x >= 0 && x < width;
            to = seen ? spread(to, &row[x * channels], channels, is_upper)
                      : fill(to, zero, channels, is_upper);
        }
    }
}

/** All output channels of four positions, whose outputs lie behind each other.
 * @param count Positions of the four that are outputs. */
static SAFE_NOINLINE void run_positions(const safe_conv_2d_v6m_params_t *params,
                                        const uint32_t *columns, const int8_t *stream,
                                        const safe_conv_v6m_channel_t *channel, int32_t count,
                                        int8_t *output)
{
    const int32_t channels = params->output_channels;
    const int32_t halves = 2 * params->output_zero_point + 1;
    const int32_t low = params->output_min;
    const int32_t high = params->output_max;
    for (int32_t c = 0; c < channels; c++, channel++) {
        const safe_v6m_rescale_t rescale =
            safe_v6m_rescale_of(channel->multiplier, channel->shift, halves);
        int32_t sums[POSITIONS];
        int8_t *to = &output[c];
        stream = safe_v6m_row4(stream, columns, channel->start, sums);
        for (int32_t p = 0; p < count; p++, to += channels) {
            *to = (int8_t)safe_v6m_clamp(safe_v6m_rescale(sums[p], rescale), low, high);
        }
    }
}

/** All output positions of one image. */
static void run_image(const safe_conv_2d_v6m_params_t *params, const int8_t *image,
                      const int8_t *weights, const safe_conv_v6m_channel_t *channels,
                      uint32_t *columns, int8_t *output)
{
    position_t at = {0, 0};
    for (int32_t left = params->y.output * params->x.output; left > 0; left -= POSITIONS) {
        const int32_t count = left < POSITIONS ? left : POSITIONS;
        for (int32_t i = 0; i < count; i++) {
            gather(params, image, at, &columns[i >> 1], i & 1);
            at.x++;
            if (at.x == params->x.output) {
                at.x = 0;
                at.y++;
            }
        }
        run_positions(params, columns, weights, channels, count, output);
        output += POSITIONS * params->output_channels;
    }
}

void safe_kernel_conv_2d_s8_v6m(const safe_conv_2d_v6m_params_t *params, const int8_t *input,
                                const int8_t *weights, const int32_t *channels, void *scratch,
                                int8_t *output)
{
    const int32_t length = params->y.kernel * params->x.kernel * params->input_channels;
    uint32_t *columns = (uint32_t *)scratch;
    /* The last positions of an image may be fewer than four: what is left of others is not read
     * from memory that nobody wrote. */
    for (int32_t k = 0; k < 2 * length; k++) {
        columns[k] = 0;
    }
    for (int32_t batch = 0; batch < params->batches; batch++) {
        run_image(params, input, weights, (const safe_conv_v6m_channel_t *)channels, columns,
                  output);
        input += params->y.size * params->x.size * params->input_channels;
        output += params->y.output * params->x.output * params->output_channels;
    }
}
