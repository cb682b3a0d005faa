/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_rerolled_mve.h A matrix product of a re-rolled LSTM or GRU, for the M-profile vector
 * extension. */
#ifndef SAFE_KERNEL_DENSE_REROLLED_MVE_H
#define SAFE_KERNEL_DENSE_REROLLED_MVE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of a tile. */
#define SAFE_DENSE_REROLLED_MVE_ROWS 4

/** Bytes of a tile: that of safe_mve_dot4, and the sum of each row's weights as int16. */
#define SAFE_DENSE_REROLLED_MVE_BYTES(blocks) (64u * (blocks) + 8u)

/** One matrix product. */
typedef struct safe_dense_rerolled_mve {
    const int8_t *weights;  /**< Tiles, aligned to 4 bytes. */
    const uint32_t *scales; /**< A fraction of 2^31 for each row of the tiles. */
    const int8_t *values;   /**< Input vector in whole blocks of 16. */
    const int32_t *start;   /**< Initial sums: 4 words per tile, or 4 that serve all tiles. */
    uint32_t blocks;        /**< Number of blocks of the vector. */
    int32_t start_step;     /**< Words from one tile's start to the next: 4 or 0. */
} safe_dense_rerolled_mve_t;

/** All rows of a product. @param words Scale of the product. @param zero_point What every value is
 * too large by. @param output 4 * tiles values. */
void safe_mve_dense_rerolled(const safe_dense_rerolled_mve_t *dense, const int32_t *words,
                             int32_t zero_point, int32_t tiles, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
