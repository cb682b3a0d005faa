/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_rerolled_dsp.h A matrix product of a re-rolled LSTM or GRU, for the DSP extension.
 */
#ifndef SAFE_KERNEL_DENSE_REROLLED_DSP_H
#define SAFE_KERNEL_DENSE_REROLLED_DSP_H

#include <stdint.h>

#include "safe/kernel/dot8_dsp.h"
#include "safe/kernel/rerolled_rescale.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One matrix product. */
typedef struct safe_dense_rerolled {
    const uint32_t *weights;  /**< Tiles of safe_dsp_dot8. */
    const uint32_t *scales;   /**< A fraction of 2^31 for each row of the tiles. */
    const uint32_t *expanded; /**< Input vector, from safe_dsp_expand. */
    const int32_t *start;     /**< Initial sums: 8 words per tile, or 8 that serve all tiles. */
    uint32_t length;          /**< SAFE_DOT8_LENGTH of the vector. */
    int32_t start_step;       /**< Words from one tile's start to the next: 8 or 0. */
} safe_dense_rerolled_t;

/** All rows of a product. @param words Scale of the product. @param output 8 * tiles values. */
void safe_dsp_dense_rerolled(const safe_dense_rerolled_t *dense, const int32_t *words,
                             int32_t tiles, int8_t *output);

/** Word whose addition takes `zero_point` from the values in both halves of another. */
static inline uint32_t safe_dsp_less(int32_t zero_point)
{
    const uint32_t half = (uint32_t)-zero_point & 0xFFFFu;
    return half | half << 16;
}

#ifdef __cplusplus
}
#endif

#endif
