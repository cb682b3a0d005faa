/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_mve.c int8 convolution, three output positions at a time: what each sees is one
 * run of bytes, in the image where it lies so, else in a buffer. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_2d_mve.h"

#include "safe/compiler.h"
#include "safe/kernel/mve_copy.h"

/** An output position by what its first tap sees. */
typedef struct place {
    int32_t output_x; /**< Output position on its row. */
    int32_t x;        /**< Input position of tap 0. */
    int32_t y;        /**< Input row of tap 0. */
} place_t;

/** Moves to the next output position, in the order of the output. */
static inline void advance(const safe_conv_2d_mve_params_t *params, place_t *place)
{
    place->output_x++;
    place->x += params->x.stride;
    if (place->output_x == params->x.output) {
        place->output_x = 0;
        place->x = -params->x.pad;
        place->y += params->y.stride;
    }
}

/** Whether all taps of an axis lie inside the image. */
static inline int is_inside(const safe_conv_axis_t *axis, int32_t position)
{
    return position >= 0 && position + (axis->kernel - 1) * axis->dilation < axis->size;
}

/** The taps of a position on one axis that lie inside the image. */
static inline safe_conv_taps_t taps_inside(const safe_conv_axis_t *axis, int32_t position)
{
    safe_conv_taps_t taps = {position, 0, axis->kernel};
    while (taps.first < taps.end && position + taps.first * axis->dilation < 0) {
        taps.first++;
    }
    while (taps.end > taps.first && position + (taps.end - 1) * axis->dilation >= axis->size) {
        taps.end--;
    }
    return taps;
}

/** Writes a row of taps from left to right: what is left of the image, inside, right of it.
 * @param row First byte of the row of the image. */
static inline void gather_row(const safe_conv_2d_mve_params_t *params, const int8_t *row,
                              const safe_conv_taps_t *taps, int8_t *to)
{
    const int32_t channels = params->input_channels;
    const int32_t step = params->x.dilation * channels;
    const int8_t *values = &row[taps->position * channels + taps->first * step];
    safe_mve_fill(to, params->input_zero_point, taps->first * channels);
    to += taps->first * channels;
    if (params->x.dilation == 1) {
        /* Taps lie side by side: one run of bytes. */
        const int32_t length = (taps->end - taps->first) * channels;
        safe_mve_copy(to, values, length);
        to += length;
    } else {
        for (int32_t tap = taps->first; tap < taps->end; tap++, to += channels, values += step) {
            safe_mve_copy(to, values, channels);
        }
    }
    safe_mve_fill(to, params->input_zero_point, (params->x.kernel - taps->end) * channels);
}

/** Writes what a position sees, some of it outside of the image or with dilation. */
static SAFE_NOINLINE void gather(const safe_conv_2d_mve_params_t *params, const int8_t *image,
                                 const place_t *place, int8_t *to)
{
    const int32_t row_length = params->x.kernel * params->input_channels;
    const safe_conv_taps_t taps = taps_inside(&params->x, place->x);
    int32_t y = place->y;
    for (int32_t tap = 0; tap < params->y.kernel; tap++, to += row_length) {
        if (y >= 0 && y < params->y.size && taps.first < taps.end) {
            gather_row(params, &image[y * params->x.size * params->input_channels], &taps, to);
        } else {
            safe_mve_fill(to, params->input_zero_point, row_length);
        }
        y += params->y.dilation;
    }
}

/** What a position sees as one run of bytes, whole blocks of 16: in the image, or in `buffer`. */
static inline const int8_t *column_of(const safe_conv_2d_mve_params_t *params, const int8_t *image,
                                      const place_t *place, int8_t *buffer)
{
    const int32_t channels = params->input_channels;
    int32_t row_length = params->x.kernel * channels;
    if (!is_inside(&params->x, place->x) || !is_inside(&params->y, place->y) ||
        (params->x.dilation != 1 && params->x.kernel != 1)) {
        gather(params, image, place, buffer);
        return buffer;
    }
    const int8_t *row = &image[(place->y * params->x.size + place->x) * channels];
    if (params->y.kernel == 1 && (row_length & (SAFE_MVE_BYTES - 1)) == 0) {
        return row;
    }
    const int32_t next_row = params->y.dilation * params->x.size * channels;
    int8_t *to = buffer;
    for (int32_t rows = params->y.kernel; rows > 0; rows--) {
        safe_mve_copy(to, row, row_length);
        to += row_length;
        row += next_row;
    }
    return buffer;
}

void safe_kernel_conv_2d_s8_mve(const safe_conv_2d_mve_params_t *params, const int8_t *input,
                                const int8_t *weights, void *scratch, int8_t *output)
{
    const int32_t channels = params->output_channels;
    const int32_t positions = params->y.output * params->x.output;
    const int32_t taps = params->y.kernel * params->x.kernel * params->input_channels;
    const uint32_t blocks = ((uint32_t)taps + 15u) / 16u;
    int8_t *const columns = (int8_t *)scratch;
    safe_gemm4x3_t extent = {{0},
                             blocks,
                             channels,
                             {0},
                             params->output_zero_point,
                             params->output_min,
                             params->output_max};
    if ((taps & (SAFE_MVE_BYTES - 1)) != 0) {
        /* What the last block of a column holds beyond its taps is multiplied by 0. */
        safe_mve_fill(columns, 0, (int32_t)(16u * SAFE_GEMM4X3_COLUMNS * blocks));
    }
    for (int32_t batch = 0; batch < params->batches; batch++) {
        place_t place = {0, -params->x.pad, -params->y.pad};
        for (int32_t left = positions; left > 0; left -= SAFE_GEMM4X3_COLUMNS) {
            for (int32_t c = 0; c < SAFE_GEMM4X3_COLUMNS; c++) {
                if (c < left) {
                    int8_t *buffer = &columns[16u * blocks * (uint32_t)c];
                    extent.columns[c] = column_of(params, input, &place, buffer);
                    extent.outputs[c] = output;
                    output += channels;
                    advance(params, &place);
                } else {
                    /* Fewer than three are left: the last one again, which writes the same bytes.
                     */
                    extent.columns[c] = extent.columns[c - 1];
                    extent.outputs[c] = extent.outputs[c - 1];
                }
            }
            safe_mve_gemm4x3(weights, &extent);
        }
        input += params->y.size * params->x.size * params->input_channels;
    }
}
