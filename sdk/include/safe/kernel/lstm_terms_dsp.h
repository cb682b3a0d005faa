/* SPDX-License-Identifier: Apache-2.0 */
/** @file lstm_terms_dsp.h The products of an LSTM's step as terms of its gates in Q3.12: of the
 * input for two time steps at once, of the hidden state for one. Rows are stored in pairs, see
 * dot8_dsp.h.
 *
 * A tile is eight rows: of each gate one of unit u and one of unit v. Its terms are four words, one
 * for each gate, with u's term in the low half and v's in the high half.
 */
#ifndef SAFE_KERNEL_LSTM_TERMS_DSP_H
#define SAFE_KERNEL_LSTM_TERMS_DSP_H

#include <stdint.h>

#include "safe/kernel/dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gates, and words of a tile's terms. */
#define SAFE_LSTM_DSP_GATES 4

/** Gates of the input's tile, of which half a tile of safe_dsp_lstm_input holds two. */
#define SAFE_LSTM_DSP_HALF 2

/** Words of the expanded values of two time steps, as SAFE_GEMM4X2_WORDS. */
#define SAFE_LSTM_INPUT_WORDS(blocks) (4u * (blocks))

/** Words of half a tile of the input: what the sums start from (4), then per block two pairs of
 * rows for k and k + 2, and for k + 1 and k + 3. */
#define SAFE_LSTM_INPUT_HALF_WORDS(blocks) (4u + 4u * (blocks))

/** Shift of a safe_lstm_dsp_wide_t that is not applied. */
#define SAFE_LSTM_DSP_NARROW (-64)

/** A gate's term whose scale is too large for safe_dsp_rescale: rescaled before. */
typedef struct safe_lstm_dsp_wide {
    int32_t multiplier;
    int32_t shift; /**< [0, 12]: left, see safe_requantize; or SAFE_LSTM_DSP_NARROW. */
} safe_lstm_dsp_wide_t;

/** Product of half of the gates with the input. The assembly reads the fields by their order. */
typedef struct safe_lstm_input {
    uint32_t tiles;                   /**< At least 1. */
    uint32_t blocks;                  /**< Number of blocks of four values; at least 1. */
    uint32_t *terms[2];               /**< First words of both steps; every tile has four. */
    const safe_dsp_rescale_t *scales; /**< Two gates' rescalings to Q3.12. */
    const safe_lstm_dsp_wide_t *wide; /**< Two gates' scales, or null where neither is wide. */
} safe_lstm_input_t;

/** Product of all gates with the hidden state; fields by their order, too. */
typedef struct safe_lstm_recurrent {
    const uint32_t *values;           /**< From safe_dsp_expand. */
    uint32_t length;                  /**< SAFE_DOT8_LENGTH. */
    const safe_lstm_dsp_wide_t *wide; /**< Four gates' scales, or null where none is wide. */
    uint32_t tiles;                   /**< At least 1. */
    const safe_dsp_rescale_t *scales; /**< Four gates' rescalings to Q3.12. */
} safe_lstm_recurrent_t;

/**
 * Expands the inputs of two time steps to int16, side by side: per block (a0, b0, a1, b1) as
 * SAFE_GEMM4X2_WORDS has it. The values that fill the last block are 0.
 *
 * @param a, b `length` >= 1 values each, any alignment; may be the same.
 */
void safe_dsp_lstm_expand(const int8_t *a, const int8_t *b, int32_t length, uint32_t *expanded);

/**
 * Writes two gates' terms of every tile, for two time steps.
 *
 * @param weights SAFE_LSTM_INPUT_HALF_WORDS for each tile; returns their end. @param values From
 * safe_dsp_lstm_expand. Bounds as for safe_dsp_dot8 and safe_dsp_rescale.
 */
const uint32_t *safe_dsp_lstm_input(const uint32_t *weights, const uint32_t *values,
                                    const safe_lstm_input_t *input);

/**
 * Adds the hidden state's terms of every tile, each limited to int16, and limits the sums.
 *
 * @param weights Tiles of safe_dsp_dot8. @param terms Four words for each tile.
 */
void safe_dsp_lstm_recurrent(const uint32_t *weights, const safe_lstm_recurrent_t *recurrent,
                             uint32_t *terms);

/**
 * Rescales the wide ones of eight doubled sums, so that safe_dsp_rescale by 2^30 and a shift of 1
 * leaves what is written.
 *
 * @param wide One for every `each` sums. @param twice [8] |sum| * 2^shift < 2^31.
 */
void safe_dsp_lstm_widen(const safe_lstm_dsp_wide_t *wide, int32_t *twice, int32_t each);

#ifdef __cplusplus
}
#endif

#endif
