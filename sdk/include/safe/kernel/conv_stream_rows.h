/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_stream_rows.h What all kernels of conv_stream.h share: where rows lie, and the
 * chains of sums. */
#ifndef SAFE_KERNEL_CONV_STREAM_ROWS_H
#define SAFE_KERNEL_CONV_STREAM_ROWS_H

#include <stdint.h>

#include "safe/kernel/conv_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Rows that a sample completes: inside, before (of chain 1 first), behind (the first one first).
 */
typedef struct safe_conv_stream_rows {
    int8_t *row[SAFE_CONV_STREAM_MAX_TAPS];
} safe_conv_stream_rows_t;

/** Number of rows that a sample completes. */
static inline int32_t safe_conv_stream_due(const safe_conv_stream_shape_t *shape)
{
    return 1 + shape->before + shape->after;
}

/** Whether it is of three taps and a row at each border. */
static inline int32_t safe_conv_stream_is_three(const safe_conv_stream_shape_t *shape)
{
    return shape->taps == 3 && shape->before == 1 && shape->after == 1;
}

/** Moves the kept rows on by one sample, takes the rows before that are due from the ring, and
 * tells where the rows of this sample go. */
void safe_conv_stream_advance(const safe_conv_stream_shape_t *shape, int8_t *kept,
                              safe_conv_stream_state_t *state, int8_t *heads,
                              safe_conv_stream_rows_t *rows);

/**
 * Adds the products of a sample to the sums of one channel.
 *
 * @param products Products of tap k at products[k * step]. @param due The completed sums, in the
 * order of safe_conv_stream_rows_t. @return The sums of the next channel.
 */
static inline int32_t *safe_conv_stream_add(const safe_conv_stream_shape_t *shape, int32_t *sums,
                                            const int32_t *products, int32_t step, int32_t *due)
{
    const int32_t last = shape->taps - 1;
    for (int32_t chain = 0; chain <= shape->before; chain++) {
        int32_t before = 0; /* The sum up to the tap before, as the last sample left it. */
        for (int32_t tap = chain; tap < last; tap++) {
            const int32_t sum = before + products[tap * step];
            before = *sums;
            *sums++ = sum;
            if (chain == 0 && tap >= last - shape->after) {
                due[shape->before + last - tap] = sum;
            }
        }
        due[chain] = before + products[last * step];
    }
    return sums;
}

#ifdef __cplusplus
}
#endif

#endif
