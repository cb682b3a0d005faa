/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_product.c Products in a step of a re-rolled GRU, in few instructions. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_product.h"

#include "safe/compiler.h"
#include "safe/kernel/rerolled_rescale.h"

SAFE_NOINLINE void safe_rerolled_multiply(const int32_t *words, int32_t units,
                                          safe_rerolled_vector_t a, safe_rerolled_vector_t b,
                                          int8_t *output)
{
    const safe_rerolled_scaled_t scaled = safe_rerolled_scaled(words);
    const int32_t zero = SAFE_REROLLED_TIMES * a.zero_point;
    for (int32_t u = 0; u < units; u++) {
        const int32_t left = SAFE_REROLLED_TIMES * a.values[u] - zero;
        output[u] = (int8_t)safe_rerolled_product(scaled, left * (b.values[u] - b.zero_point));
    }
}
