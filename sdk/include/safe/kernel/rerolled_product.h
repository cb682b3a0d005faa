/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_product.h Products of two int8 vectors in a step of a re-rolled GRU. */
#ifndef SAFE_KERNEL_REROLLED_PRODUCT_H
#define SAFE_KERNEL_REROLLED_PRODUCT_H

#include <stdint.h>

#include "safe/fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Returns a product of two values less their zero points as int8.
 *
 * @param words Two: multiplier, and 256 * (right shift less 1) + zero point + 128.
 * @param product |product| <= 2^16. */
static inline int8_t safe_rerolled_requantize(const int32_t *words, int32_t product)
{
    const int32_t shift = (words[1] >> 8) + 1;
    const int32_t zero_point = (words[1] & 0xFF) - 128;
    const int32_t scaled = safe_requantize(product, words[0], -shift);
    return (int8_t)safe_clamp(scaled + zero_point, INT8_MIN, INT8_MAX);
}

/** An int8 vector and its zero point. */
typedef struct safe_rerolled_vector {
    const int8_t *values;
    int32_t zero_point; /**< [-128, 127] */
} safe_rerolled_vector_t;

/**
 * The products of two vectors, element by element: see safe_rerolled_requantize.
 *
 * @param words Words of the product. @param units Values of each vector.
 * @param output [units], may be a or b.
 */
void safe_rerolled_multiply(const int32_t *words, int32_t units, safe_rerolled_vector_t a,
                            safe_rerolled_vector_t b, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
