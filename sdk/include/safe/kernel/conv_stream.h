/* SPDX-License-Identifier: Apache-2.0 */
/** @file conv_stream.h int8 convolution along time, a sample at a time.
 *
 * A sample's product with each tap is made once and serves every row that it is in: the row inside
 * the window that ends with it, the rows of the border behind, and those of the border before,
 * which belong to windows that begin with one of the last samples. In a chain of sums q the taps
 * from q on are added as their samples come: chain 0 ends as a row inside, and on its way is the
 * rows behind; chain q > 0 ends as a row before, which lacks the first q taps and waits in a ring
 * until its window is the newest. Stride and dilation are 1.
 */
#ifndef SAFE_KERNEL_CONV_STREAM_H
#define SAFE_KERNEL_CONV_STREAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Taps at most, and so rows that a sample completes: one inside, all of both borders. */
#define SAFE_CONV_STREAM_MAX_TAPS 15

/** Rows of the output. With `before + after < taps`. */
typedef struct safe_conv_stream_shape {
    int32_t channels; /**< Channels of a row. */
    int32_t taps;     /**< [2, SAFE_CONV_STREAM_MAX_TAPS] */
    int32_t before;   /**< Rows of the window that see padding at its beginning. */
    int32_t after;    /**< Rows that see padding at its end. */
    int32_t inside;   /**< Rows between them, at least 1. */
    int32_t delay;    /**< Samples that the row of `before` = 0 waits: inside - 1 + before. */
} safe_conv_stream_shape_t;

/** Constants of one call. */
typedef struct safe_conv_stream_params {
    safe_conv_stream_shape_t shape;
    int32_t depth;             /**< Channels of a sample. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_conv_stream_params_t;

/** What lasts from sample to sample; zeros after a reset. */
typedef struct safe_conv_stream_state {
    int32_t slot;   /**< Slot of the ring that the rows before go to next. */
    int32_t sums[]; /**< [channels][chain 0: taps - 1, chain 1: taps - 2, ... chain `before`] */
} safe_conv_stream_state_t;

/**
 * Takes a sample: `kept` is then the output of the window that ends with it.
 *
 * @param kept [before + inside + after][channels], changed in place. @param sample [depth]
 * @param weights [channels][taps][depth] @param start [taps][channels]: -input_zero_point *
 * sum(weights of the tap), and the bias in tap `before`, which every sum of a row contains.
 * @param multiplier, shift One for each channel, as for safe_requantize. @param state See there.
 * @param heads Ring of rows of the border before, int8[delay][before][channels].
 * `codegen/operators/linear/conv_stream.py` proves that no sum leaves 31 bits. Source of the
 * arithmetic: TFLM's ConvPerChannel; taps on padding add nothing.
 */
void safe_kernel_conv_stream_s8(const safe_conv_stream_params_t *params, int8_t *kept,
                                const int8_t *sample, const int8_t *weights, const int32_t *start,
                                const int32_t *multiplier, const int8_t *shift, void *state,
                                int8_t *heads);

#ifdef __cplusplus
}
#endif

#endif
