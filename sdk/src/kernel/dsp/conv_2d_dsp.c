/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_2d_dsp.c int8 convolution, two output positions at a time: what they see becomes
 * two columns of int16, which all output channels then read. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_2d_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/columns_dsp.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"

/** An output position, and the rows of taps that lie inside the image. */
typedef struct patch {
    int32_t y;
    int32_t x;
    safe_conv_taps_t rows;
} patch_t;

/** Place at which a column is written: expanded at once, or as bytes, where channels are no
 * multiple of the four values of a block. */
typedef struct column {
    uint32_t *words; /**< Every other word; the next that is written. */
    int8_t *bytes;   /**< The next that is written, or null. */
    int32_t outside; /**< Input zero point. */
} column_t;

/** One block of one column. */
static inline uint32_t *expand_block(uint32_t *words, uint32_t four)
{
    words[0] = safe_dsp_sxtb16(four);
    words[2] = safe_dsp_sxtb16_odd(four);
    return &words[4];
}

/** Expands `length` bytes, a multiple of 4, into one column; returns where it ends. */
static SAFE_NOINLINE uint32_t *expand_one(const int8_t *values, int32_t length, uint32_t *words)
{
    const int8_t *end = &values[length];
    /* The loop takes two blocks of four bytes: an odd one comes first. */
    if ((length & 4) != 0) {
        words = expand_block(words, safe_dsp_load(values));
        values += 4;
    }
    while (values != end) {
        const uint32_t first = safe_dsp_load(values);
        const uint32_t second = safe_dsp_load(values + 4);
        words = expand_block(expand_block(words, first), second);
        values += 8;
    }
    return words;
}

/** Fills one column with a number of values, a multiple of 4; returns where they end. */
static SAFE_NOINLINE uint32_t *fill_words(uint32_t *words, int32_t value, int32_t length)
{
    /* The same int16 in both halves of a word. */
    const uint32_t both = ((uint32_t)value & 0xFFFFu) * 0x10001u;
    for (int32_t k = 0; k < length; k += 4, words += 4) {
        words[0] = both;
        words[2] = both;
    }
    return words;
}

/** Does what fill_words does, for both columns. */
static inline uint32_t *fill_two(uint32_t *words, int32_t value, int32_t length)
{
    (void)fill_words(words + 1, value, length);
    return fill_words(words, value, length);
}

/** Adds `length` values of the image to a column. */
static SAFE_NOINLINE void add_inside(column_t *column, const int8_t *values, int32_t length)
{
    if (column->bytes == 0) {
        column->words = expand_one(values, length, column->words);
        return;
    }
    int8_t *to = column->bytes;
    column->bytes = &to[length];
    for (; length >= 4; length -= 4, to += 4, values += 4) {
        safe_dsp_store(to, safe_dsp_load(values));
    }
    for (int32_t k = 0; k < length; k++) {
        to[k] = values[k];
        SAFE_DSP_FENCE(); /* no call of memcpy for at most three bytes */
    }
}

/** Adds `length` values outside the image to a column. */
static SAFE_NOINLINE void add_outside(column_t *column, int32_t length)
{
    if (column->bytes == 0) {
        column->words = fill_words(column->words, column->outside, length);
        return;
    }
    for (int32_t k = 0; k < length; k++) {
        *column->bytes++ = (int8_t)column->outside;
    }
}

/** Adds the taps of one row of the image that one output position sees. */
static void add_row(const safe_conv_2d_dsp_params_t *params, const int8_t *row,
                    const safe_conv_taps_t *taps, column_t *column)
{
    const int32_t channels = params->input_channels;
    const int32_t step = params->x.dilation * channels;
    const int32_t count = taps->end - taps->first;
    /* From left to right: taps left of the image, inside it, right of it. */
    if (taps->first > 0) {
        add_outside(column, taps->first * channels);
    }
    if (count > 0) {
        const int8_t *values = &row[taps->position * channels + taps->first * step];
        /* Without dilation the taps lie side by side and are one run of bytes. */
        if (step == channels) {
            add_inside(column, values, count * channels);
        } else {
            for (int32_t tap = 0; tap < count; tap++, values += step) {
                add_inside(column, values, channels);
            }
        }
    }
    if (taps->end < params->x.kernel) {
        add_outside(column, (params->x.kernel - taps->end) * channels);
    }
}

/** Returns the first byte of the row of the image that a row of taps sees. */
static inline const int8_t *row_of(const safe_conv_2d_dsp_params_t *params, const int8_t *image,
                                   const patch_t *patch, int32_t tap)
{
    const int32_t row = patch->rows.position + tap * params->y.dilation;
    return &image[row * params->x.size * params->input_channels];
}

/** Writes what one output position sees into one column: `words` is its first word. */
static void write_column(const safe_conv_2d_dsp_params_t *params, const int8_t *image,
                         const patch_t *patch, uint32_t *words, int8_t *bytes)
{
    const safe_conv_taps_t taps = safe_conv_axis_taps(&params->x, patch->x);
    const int32_t row_length = params->x.kernel * params->input_channels;
    const int32_t length = params->y.kernel * row_length;
    column_t column = {words, bytes, params->input_zero_point};
    /* From top to bottom: rows of taps above the image, inside it, below it. */
    if (patch->rows.first > 0) {
        add_outside(&column, patch->rows.first * row_length);
    }
    for (int32_t tap = patch->rows.first; tap < patch->rows.end; tap++) {
        add_row(params, row_of(params, image, patch, tap), &taps, &column);
    }
    if (patch->rows.end < params->y.kernel) {
        add_outside(&column, (params->y.kernel - patch->rows.end) * row_length);
    }
    if (bytes != 0) {
        add_outside(&column, -length & 3); /* any value: the weights there are 0 */
        (void)expand_one(bytes, (length + 3) & ~3, words);
    }
}

/** Whether the whole width of a patch lies inside the image. */
static inline int is_inside(const safe_conv_2d_dsp_params_t *params, int32_t position)
{
    return position >= 0 && position + (params->x.kernel - 1) < params->x.size;
}

/** Copies bytes to a column that is expanded later. */
static inline int8_t *copy_bytes(int8_t *to, const int8_t *from, int32_t length)
{
    for (; length >= 4; length -= 4, to += 4, from += 4) {
        safe_dsp_store(to, safe_dsp_load(from));
    }
    for (; length > 0; length--) {
        *to++ = *from++;
        SAFE_DSP_FENCE(); /* no call of memcpy for at most three bytes */
    }
    return to;
}

/** Writes a column whose whole patch lies inside the image, by way of bytes. */
static void gather(const safe_conv_2d_dsp_params_t *params, const int8_t *row, uint32_t *words,
                   int8_t *bytes)
{
    const int32_t row_length = params->x.kernel * params->input_channels;
    const int32_t next_row = params->y.dilation * params->x.size * params->input_channels;
    int8_t *to = bytes;
    for (int32_t rows = params->y.kernel; rows > 0; rows--, row += next_row) {
        to = copy_bytes(to, row, row_length);
    }
    while (((to - bytes) & 3) != 0) {
        *to++ = 0; /* any value: the weights there are 0 */
    }
    (void)expand_one(bytes, (int32_t)(to - bytes), words);
}

/** Writes one column by way of bytes. */
static SAFE_NOINLINE void write_bytes(const safe_conv_2d_dsp_params_t *params, const int8_t *image,
                                      const patch_t *patch, uint32_t *words, int8_t *bytes)
{
    const int32_t position = patch->x * params->x.stride - params->x.pad;
    if (params->x.dilation == 1 && is_inside(params, position) &&
        patch->rows.end - patch->rows.first == params->y.kernel) {
        const int8_t *row = row_of(params, image, patch, 0);
        gather(params, &row[position * params->input_channels], words, bytes);
    } else {
        write_column(params, image, patch, words, bytes);
    }
}

/** Writes both columns, expanded at once. */
static void write_columns(const safe_conv_2d_dsp_params_t *params, const int8_t *image,
                          const patch_t patches[2], uint32_t *words)
{
    const patch_t *a = &patches[0];
    const patch_t *b = &patches[1];
    const int32_t channels = params->input_channels;
    const int32_t position_a = a->x * params->x.stride - params->x.pad;
    const int32_t position_b = b->x * params->x.stride - params->x.pad;
    /* The fast way needs two positions on one row that see no border at their sides: then each row
     * of both is one run of bytes, and the rows above and below the image are the same for both. */
    if (a->y != b->y || params->x.dilation != 1 || !is_inside(params, position_a) ||
        !is_inside(params, position_b)) {
        write_column(params, image, a, words, 0);
        write_column(params, image, b, words + 1, 0);
        return;
    }
    const int32_t row_length = params->x.kernel * channels;
    const int32_t next_row = params->y.dilation * params->x.size * channels;
    const int32_t below = params->y.kernel - a->rows.end;
    const int32_t apart = (position_b - position_a) * channels;
    const int32_t first_row = a->rows.position + a->rows.first * params->y.dilation;
    int32_t at = (first_row * params->x.size + position_a) * channels; /* may lie outside */
    if (a->rows.first > 0) {
        words = fill_two(words, params->input_zero_point, a->rows.first * row_length);
    }
    for (int32_t rows = a->rows.end - a->rows.first; rows > 0; rows--, at += next_row) {
        words = safe_dsp_expand_two(&image[at], &image[at + apart], row_length, words);
    }
    if (below > 0) {
        (void)fill_two(words, params->input_zero_point, below * row_length);
    }
}

/** The next output position, in the order of the output. */
static SAFE_NOINLINE void advance(const safe_conv_2d_dsp_params_t *params, patch_t *patch)
{
    patch->x++;
    if (patch->x == params->x.output) {
        patch->x = 0;
        patch->y++;
        patch->rows = safe_conv_axis_taps(&params->y, patch->y);
    }
}

void safe_kernel_conv_2d_s8_dsp(const safe_conv_2d_dsp_params_t *params, const int8_t *input,
                                const uint32_t *weights, void *scratch, int8_t *output)
{
    const int32_t channels = params->output_channels;
    const int32_t length = params->y.kernel * params->x.kernel * params->input_channels;
    const int32_t positions = params->y.output * params->x.output;
    const uint32_t blocks = ((uint32_t)length + 3u) / 4u;
    uint32_t *words = (uint32_t *)scratch;
    int8_t *bytes = 0;
    const int32_t zero_point = 2 * params->output_zero_point + 1;
    int8_t *const first = output;
    if ((params->input_channels & 3) != 0) {
        bytes = (int8_t *)&words[SAFE_GEMM4X2_WORDS(blocks)];
    }
    for (int32_t batch = 0; batch < params->batches; batch++) {
        /* Two positions at a time, also across the end of a row. The last one may be alone: both
         * columns then are the same position and write the same bytes. */
        patch_t patches[2] = {{0, 0, safe_conv_axis_taps(&params->y, 0)}};
        for (int32_t left = positions; left > 0; left -= 2) {
            safe_gemm4x2_t extent = {0, blocks, {output, output}, zero_point};
            output += channels;
            patches[1] = patches[0];
            if (left > 1) {
                advance(params, &patches[1]);
                extent.outputs[1] = output;
                output += channels;
            }
            /* Channels that are no multiple of four leave no whole words to expand: the values are
             * gathered as bytes first. */
            if (bytes != 0) {
                write_bytes(params, input, &patches[0], words, bytes);
                write_bytes(params, input, &patches[1], words + 1, bytes);
            } else {
                write_columns(params, input, patches, words);
            }
            safe_dsp_multiply_two(weights, words, extent, channels);
            patches[0] = patches[1];
            advance(params, &patches[0]);
        }
        input += params->y.size * params->x.size * params->input_channels;
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_dsp_clamp_s8(first, params->batches * positions * channels, params->output_min,
                          params->output_max);
    }
}
