/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_stream_dsp.c The products of all channels with all taps, then the rows. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_stream_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/conv_stream_rows.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"

static inline int8_t rescaled(int32_t doubled, const safe_dsp_rescale_t *rescale)
{
    return safe_dsp_rescale_s8(doubled, rescale->multiplier, rescale->addend, rescale->shift);
}

/** Any number of taps. @param products [channels / 8][taps][8] */
static void add_any(const safe_conv_stream_shape_t *shape, const safe_conv_stream_rows_t *rows,
                    const int32_t *products, const safe_dsp_rescale_t *rescale, int32_t *sums)
{
    const int32_t due_count = safe_conv_stream_due(shape);
    for (int32_t channel = 0; channel < shape->channels; channel++) {
        const int32_t tile = channel / SAFE_DOT8_ROWS * (shape->taps - 1);
        int32_t due[SAFE_CONV_STREAM_MAX_TAPS];
        sums = safe_conv_stream_add(shape, sums, &products[tile * SAFE_DOT8_ROWS + channel],
                                    SAFE_DOT8_ROWS, due);
        for (int32_t k = 0; k < due_count; k++) {
            rows->row[k][channel] = rescaled(due[k], &rescale[channel]);
        }
    }
}

/** safe_conv_stream_add for three taps and a row at each border, the form of most models. A
 * function of its own, so that all it needs stays in registers. */
static SAFE_NOINLINE void add_three(const safe_conv_stream_rows_t *rows, const int32_t *products,
                                    const safe_dsp_rescale_t *rescale, int32_t *sums, int32_t left)
{
    int8_t *inside = rows->row[0];
    int8_t *before = rows->row[1];
    int8_t *behind = rows->row[2];
    for (; left > 0; left -= SAFE_DOT8_ROWS) {
        const int32_t *end = &products[left < SAFE_DOT8_ROWS ? left : SAFE_DOT8_ROWS];
        do {
            safe_dsp_rescale_t scale;
            /* products[0], middle and last: first, middle and last tap of this channel times the
             * newest row. A sum is whole when its last product is there. */
            const int32_t middle = products[SAFE_DOT8_ROWS];
            const int32_t last = products[2 * SAFE_DOT8_ROWS];
            const int32_t sum = sums[0] + middle;
            const int32_t whole = sums[1] + last;
            const int32_t lacking = sums[2] + last;
            /* What is open now: an output that has its first two taps, one that lacks the row
             * before the window and has its middle, and one that has its first tap only. */
            sums[1] = sum;
            sums[2] = middle;
            sums[0] = *products++;
            sums += 3;
            SAFE_DSP_FENCE();
            scale = *rescale++;
            *inside++ = rescaled(whole, &scale);
            *before++ = rescaled(lacking, &scale);
            *behind++ = rescaled(sum, &scale);
        } while (products != end);
        products = end + 2 * SAFE_DOT8_ROWS;
    }
}

void safe_kernel_conv_stream_s8_dsp(const safe_conv_stream_params_t *params, int8_t *kept,
                                    const int8_t *sample, const uint32_t *weights,
                                    const int32_t *start, const int32_t *rescale, void *state,
                                    int8_t *heads, void *scratch)
{
    const safe_conv_stream_shape_t *shape = &params->shape;
    const uint32_t blocks = SAFE_DOT8_BLOCKS(params->depth);
    const uint32_t length = SAFE_DOT8_LENGTH(blocks);
    const int32_t step = (shape->channels + SAFE_DOT8_ROWS - 1) & -SAFE_DOT8_ROWS;
    uint32_t *expanded = scratch;
    int32_t *products = (void *)&expanded[SAFE_DOT8_WORDS(blocks)];
    int32_t *end = &products[shape->taps * step];
    safe_conv_stream_state_t *lasting = state;
    safe_conv_stream_rows_t rows;

    safe_conv_stream_advance(shape, kept, lasting, heads, &rows);
    safe_dsp_expand(sample, params->depth, 0, expanded);
    /* Every product of the newest row with every tap is made once; an output later only adds. */
    for (int32_t *eight = products; eight != end; eight += SAFE_DOT8_ROWS) {
        weights = safe_dsp_dot8(weights, expanded, length, start, eight);
        start += SAFE_DOT8_ROWS;
    }
    if (safe_conv_stream_is_three(shape)) {
        add_three(&rows, products, (const void *)rescale, lasting->sums, shape->channels);
    } else {
        add_any(shape, &rows, products, (const void *)rescale, lasting->sums);
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        for (int32_t k = 0; k < safe_conv_stream_due(shape); k++) {
            safe_dsp_clamp_s8(rows.row[k], shape->channels, params->output_min, params->output_max);
        }
    }
}
