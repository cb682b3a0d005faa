/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_rerolled_rv32.h A matrix product of a re-rolled LSTM or GRU, for RV32IM. */
#ifndef SAFE_KERNEL_DENSE_REROLLED_RV32_H
#define SAFE_KERNEL_DENSE_REROLLED_RV32_H

#include <stdint.h>

#include "safe/kernel/rerolled_rescale.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of one tile. */
#define SAFE_DENSE_REROLLED_ROWS 8

/** Values of a row, filled up to a multiple of four. */
#define SAFE_DENSE_REROLLED_DEPTH(length) (((length) + 3) & ~3)

/** One matrix product. */
typedef struct safe_dense_rerolled {
    const int8_t *weights;  /**< [tiles][depth][8], filled with zeros. */
    const uint32_t *scales; /**< A fraction of 2^31 for each row of the tiles. */
    const int32_t *start;   /**< Initial sums: 8 words per tile, or 8 that serve all tiles. */
    int32_t depth;          /**< SAFE_DENSE_REROLLED_DEPTH of a row. */
    int32_t start_step;     /**< Words from one tile's start to the next: 8 or 0. */
} safe_dense_rerolled_t;

/**
 * All rows of a product.
 *
 * @param words Scale of the product. @param values [depth], from safe_rv32_widen.
 * @param output 8 * tiles values.
 */
void safe_rv32_dense_rerolled(const safe_dense_rerolled_t *dense, const int32_t *words,
                              int32_t tiles, const int16_t *values, int8_t *output);

/** Values less their zero point, filled up with zeros: once for all rows, instead of sums of
 * weights for each row. */
void safe_rv32_widen(const int8_t *values, int32_t length, int32_t zero_point, int16_t *wide);

#ifdef __cplusplus
}
#endif

#endif
