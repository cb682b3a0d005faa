/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_mve.c int8 convolution, three output positions at a time: what each sees is one
 * run of bytes, in the image where it lies so, else in a buffer. */
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

/** Writes a row of taps tap by tap, some of them outside of the image. @param row First byte of the
 * row.
 */
static int8_t *gather_row(const safe_conv_2d_mve_params_t *params, const int8_t *row, int32_t x,
                          int8_t *to)
{
    const int32_t channels = params->input_channels;
    for (int32_t tap = 0; tap < params->x.kernel; tap++) {
        if (x >= 0 && x < params->x.size) {
            safe_mve_copy(to, &row[x * channels], channels);
        } else {
            safe_mve_fill(to, params->input_zero_point, channels);
        }
        to += channels;
        x += params->x.dilation;
    }
    return to;
}

/** Writes what a position sees, some of it outside of the image or with dilation. */
static SAFE_NOINLINE void gather(const safe_conv_2d_mve_params_t *params, const int8_t *image,
                                 const place_t *place, int8_t *to)
{
    const int32_t row_length = params->x.kernel * params->input_channels;
    int32_t y = place->y;
    for (int32_t tap = 0; tap < params->y.kernel; tap++) {
        if (y >= 0 && y < params->y.size) {
            const int8_t *row = &image[y * params->x.size * params->input_channels];
            to = gather_row(params, row, place->x, to);
        } else {
            safe_mve_fill(to, params->input_zero_point, row_length);
            to += row_length;
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

/** All output channels of three positions from their columns. */
static void multiply(const safe_conv_2d_mve_params_t *params, const int8_t *weights,
                     safe_mve_scales_t scales, safe_gemm2x3_t extent,
                     int8_t *outputs[SAFE_GEMM2X3_COLUMNS])
{
    for (int32_t left = params->output_channels; left > 0; left -= SAFE_GEMM2X3_ROWS) {
        const int32_t rows = left < SAFE_GEMM2X3_ROWS ? left : SAFE_GEMM2X3_ROWS;
        extent.pairs = (uint32_t)(rows + 1) / 2u;
        weights = safe_mve_gemm2x3(weights, &extent);
        safe_mve_rescale3(extent.sums, rows, &scales, outputs);
        scales.multiplier += rows;
        scales.shift += rows;
        for (int32_t c = 0; c < SAFE_GEMM2X3_COLUMNS; c++) {
            outputs[c] += rows;
        }
    }
}

void safe_kernel_conv_2d_s8_mve(const safe_conv_2d_mve_params_t *params, const int8_t *input,
                                const int8_t *weights, const int32_t *multiplier,
                                const int8_t *shift, void *scratch, int8_t *output)
{
    const int32_t channels = params->output_channels;
    const int32_t positions = params->y.output * params->x.output;
    const int32_t taps = params->y.kernel * params->x.kernel * params->input_channels;
    const uint32_t blocks = ((uint32_t)taps + 15u) / 16u;
    const safe_mve_scales_t scales = {multiplier, shift, params->output_zero_point,
                                      params->output_min, params->output_max};
    int8_t *const columns = (int8_t *)scratch + SAFE_CONV_2D_MVE_SUM_BYTES;
    safe_gemm2x3_t extent = {{0}, (int32_t *)scratch, blocks, 0};
    /* What the last block of a column holds beyond its taps is multiplied by 0, and sums of rows
     * that are not there are rescaled, but not stored: any value will do, but a defined one. */
    const uint32_t bytes = SAFE_CONV_2D_MVE_SUM_BYTES + 16u * SAFE_GEMM2X3_COLUMNS * blocks;
    safe_mve_fill((int8_t *)scratch, 0, (int32_t)bytes);
    for (int32_t batch = 0; batch < params->batches; batch++) {
        place_t place = {0, -params->x.pad, -params->y.pad};
        for (int32_t left = positions; left > 0; left -= SAFE_GEMM2X3_COLUMNS) {
            int8_t *outputs[SAFE_GEMM2X3_COLUMNS];
            for (int32_t c = 0; c < SAFE_GEMM2X3_COLUMNS; c++) {
                if (c < left) {
                    int8_t *buffer = &columns[16u * blocks * (uint32_t)c];
                    extent.columns[c] = column_of(params, input, &place, buffer);
                    outputs[c] = output;
                    output += channels;
                    advance(params, &place);
                } else {
                    /* Fewer than three are left: the last one again, which writes the same bytes.
                     */
                    extent.columns[c] = extent.columns[c - 1];
                    outputs[c] = outputs[c - 1];
                }
            }
            multiply(params, weights, scales, extent, outputs);
        }
        input += params->y.size * params->x.size * params->input_channels;
    }
}
