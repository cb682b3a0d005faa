/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_product.c Reference products in a step of a re-rolled GRU. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_product.h"

#include "safe/kernel/rerolled_step.h"

void safe_rerolled_multiply(const int32_t *words, int32_t units, safe_rerolled_vector_t a,
                            safe_rerolled_vector_t b, int8_t *output)
{
    for (int32_t u = 0; u < units; u++) {
        const int32_t product = (a.values[u] - a.zero_point) * (b.values[u] - b.zero_point);
        output[u] = safe_rerolled_requantize(words, product);
    }
}
