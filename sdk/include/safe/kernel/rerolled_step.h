/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_step.h One step of a re-rolled LSTM or GRU: what its kernels share besides the
 * dot products.
 *
 * A sum of quantized values is affine: out = limit((a * A + b * B + C) / 2^20), each term from the
 * high word of a product. `codegen/operators/recurrent/rerolled_fit.py` finds A, B and C such
 * that every pair of int8 values gives the byte of TFLM's operator with its four roundings; a sum
 * for which there are none is computed like TFLM's. LOGISTIC and TANH are one curve, as both pass
 * their 255 thresholds at the same argument: TANH's is doubled. A bin of 1 / 64 of the argument
 * holds at most one threshold.
 */
#ifndef SAFE_KERNEL_REROLLED_STEP_H
#define SAFE_KERNEL_REROLLED_STEP_H

#include <stdint.h>

#include "safe/kernel/rerolled_unpack.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gates in Keras' order: input, forget, cell, output. */
#define SAFE_REROLLED_GATES 4

/** Bins of the argument [-8, 8) of an activation. */
#define SAFE_REROLLED_BINS 1024

/** 32-bit words of a step's constants; the order is that of `rerolled_fit.py`. */
enum safe_rerolled_word {
    SAFE_REROLLED_INPUT, /**< A matrix product: see
                          * safe_rerolled_scale. */
    SAFE_REROLLED_RECURRENT = SAFE_REROLLED_INPUT + 3,
    SAFE_REROLLED_SUM = SAFE_REROLLED_RECURRENT + 3, /**< Three for each sum: A, B, C. */
    SAFE_REROLLED_BIASED = SAFE_REROLLED_SUM + 3,
    SAFE_REROLLED_CELL = SAFE_REROLLED_BIASED + 3,  /**< Words of forget and update. */
    SAFE_REROLLED_GATE = SAFE_REROLLED_CELL + 3,    /**< Two for each argument: A, C. */
    SAFE_REROLLED_SHOWN = SAFE_REROLLED_GATE + 2,   /**< Words of the cell's tanh. */
    SAFE_REROLLED_UPDATE = SAFE_REROLLED_SHOWN + 2, /**< Two for each product: multiplier, and 256
                                                     * * (right shift less 1) + zero point + 128. */
    SAFE_REROLLED_FORGET = SAFE_REROLLED_UPDATE + 2,
    SAFE_REROLLED_HIDDEN = SAFE_REROLLED_FORGET + 2,
    SAFE_REROLLED_ZEROS = SAFE_REROLLED_HIDDEN + 2, /**< Zero points plus 128 before the step: 256 *
                                                     * hidden state + cell. */
    SAFE_REROLLED_WORDS = SAFE_REROLLED_ZEROS + 1
};

/** How the sums of a matrix product become int8: row scale times `high:low` / 2^64. */
typedef struct safe_rerolled_scale {
    uint32_t high; /**< In [2^31, 2^32). */
    uint32_t low;
    uint32_t guess; /**< About high / 2^(right - 1): the leading zeros of its product with a row's
                     * scale are the right shift, less 1. */
    int32_t right;  /**< Leading zeros less this: how far the row's scale is shifted left. */
    int32_t zero_point;
} safe_rerolled_scale_t;

/** The scale of a product from its three words: high, low, and from the lowest eight bits up: zero
 * point plus 128, right, correction of the guess plus 1, window in 2^-10. */
static inline safe_rerolled_scale_t safe_rerolled_scale(const int32_t *words)
{
    const uint32_t high = (uint32_t)words[0];
    const int32_t right = words[2] >> 8 & 0xFF;
    const uint32_t nudge = ((uint32_t)words[2] >> 16 & 0xFF) - 1u;
    const safe_rerolled_scale_t scale = {high, (uint32_t)words[1], (high >> (right - 1)) + nudge,
                                         right, (words[2] & 0xFF) - 128};
    return scale;
}

/**
 * A sum as int8: safe_requantize by the multiplier of 31 bits that both scales' product rounds to.
 *
 * @param twice Twice a sum below 2^30. @param row Scale of its row, a fraction of 2^31. The
 * generator proves that the multiplier and the shift of each row and step are those of TFLM.
 */
int32_t safe_rerolled_exact(int32_t twice, uint32_t row, const safe_rerolled_scale_t *scale);

/** C of a sum that no affine expression gives: A is its place among the exact ones. */
#define SAFE_REROLLED_EXACT INT32_MIN

/** Words of an exact sum: those of safe_add_element_t, and 1 where the second value is its first.
 */
#define SAFE_REROLLED_EXACT_WORDS 13

/** Constants that all steps share. */
typedef struct safe_rerolled_shared {
    const uint8_t *bins;       /**< Thresholds below each bin. */
    const int32_t *thresholds; /**< 256: argument that gives the next value, less 1. */
    const int32_t *exact;      /**< [any][SAFE_REROLLED_EXACT_WORDS] */
} safe_rerolled_shared_t;

/** Argument of an activation: value * factor / 2^8 + start. */
typedef struct safe_rerolled_argument {
    int32_t factor;
    int32_t start;
} safe_rerolled_argument_t;

/** Adds `second` to `first`. @param words A, B, C of the sum. @param exact Of
 * safe_rerolled_shared_t. */
void safe_rerolled_add(const int32_t *words, const int32_t *exact, int32_t length, int8_t *first,
                       const int8_t *second);

/** Results plus 128 of an activation, as uint8, in place of int8 values. */
void safe_rerolled_activate(safe_rerolled_argument_t argument, const safe_rerolled_shared_t *shared,
                            int32_t length, int8_t *values);

/** Results of safe_rerolled_activate as int8, in place: 128 less. */
void safe_rerolled_signed(int32_t length, int8_t *values);

/**
 * Adds recurrent terms and bias to the gates and applies their activations.
 *
 * @param words Words of the step. @param gates [4 * units] Terms of the input, replaced by results
 * plus 128, as uint8. @param recurrent [4 * units], or NULL in the first step, which has no bias
 * to add either. @param bias [4 * units]
 */
void safe_rerolled_gates(const int32_t *words, const safe_rerolled_shared_t *shared, int32_t units,
                         int8_t *gates, const int8_t *recurrent, const int8_t *bias);

/**
 * The new cell and hidden state.
 *
 * @param words Words of the step. @param gates Results of safe_rerolled_gates; lost. @param cell
 * [units] Replaced.
 * @param hidden [units]
 */
void safe_rerolled_update(const int32_t *words, const safe_rerolled_shared_t *shared, int32_t units,
                          int8_t *gates, uint8_t *cell, int8_t *hidden);

#ifdef __cplusplus
}
#endif

#endif
