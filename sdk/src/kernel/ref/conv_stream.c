/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_stream.c Reference: a channel at a time, tap by tap. */
#include "safe/kernel/goal.h"

#include "safe/kernel/conv_stream.h"

#include "safe/fixed_point.h"
#include "safe/kernel/conv_stream_rows.h"
#include "safe/kernel/dot.h"

static int8_t rescaled(const safe_conv_stream_params_t *params, int32_t sum, int32_t multiplier,
                       int32_t shift)
{
    const int32_t value = safe_requantize(sum, multiplier, shift) + params->output_zero_point;
    const int32_t low = value < params->output_min ? params->output_min : value;
    return (int8_t)(low > params->output_max ? params->output_max : low);
}

void safe_kernel_conv_stream_s8(const safe_conv_stream_params_t *params, int8_t *kept,
                                const int8_t *sample, const int8_t *weights, const int32_t *start,
                                const int32_t *multiplier, const int8_t *shift, void *state,
                                int8_t *heads)
{
    const safe_conv_stream_shape_t *shape = &params->shape;
    const int32_t due_count = safe_conv_stream_due(shape);
    safe_conv_stream_state_t *lasting = state;
    int32_t *sums = lasting->sums;
    safe_conv_stream_rows_t rows;

    safe_conv_stream_advance(shape, kept, lasting, heads, &rows);
    for (int32_t channel = 0; channel < shape->channels; channel++) {
        int32_t products[SAFE_CONV_STREAM_MAX_TAPS];
        int32_t due[SAFE_CONV_STREAM_MAX_TAPS];
        for (int32_t tap = 0; tap < shape->taps; tap++) {
            products[tap] = start[tap * shape->channels + channel];
            safe_dot1_s8(sample, weights, params->depth, &products[tap]);
            weights += params->depth;
        }
        sums = safe_conv_stream_add(shape, sums, products, 1, due);
        for (int32_t k = 0; k < due_count; k++) {
            rows.row[k][channel] = rescaled(params, due[k], multiplier[channel], shift[channel]);
        }
    }
}
