/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_product.c Products in a step of a re-rolled GRU, in few instructions. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_product.h"

#include "safe/compiler.h"
#include "safe/kernel/rerolled_rescale.h"

/* The next element: with pointers that the compiler knows nothing of, each access moves its own. */
#define NEXT                                                                                       \
    {                                                                                              \
        const int32_t factor = SAFE_REROLLED_TIMES * *left++ - zero;                               \
        const int32_t product = factor * (*right++ - b.zero_point);                                \
        *output++ = (int8_t)safe_rerolled_product(scaled, product);                                \
        SAFE_DSP_OPAQUE(left);                                                                     \
        SAFE_DSP_OPAQUE(right);                                                                    \
        SAFE_DSP_OPAQUE(output);                                                                   \
    }

SAFE_NOINLINE void safe_rerolled_multiply(const int32_t *words, int32_t units,
                                          safe_rerolled_vector_t a, safe_rerolled_vector_t b,
                                          int8_t *output)
{
    const safe_rerolled_scaled_t scaled = safe_rerolled_scaled(words);
    const int32_t zero = SAFE_REROLLED_TIMES * a.zero_point;
    const int8_t *left = a.values;
    const int8_t *right = b.values;
#if SAFE_DSP
    for (const int8_t *end = &left[units & ~(SAFE_UNROLL - 1)]; left != end;) {
        SAFE_REPEAT(NEXT)
    }
    units &= SAFE_UNROLL - 1;
#endif
    for (const int8_t *end = &left[units]; left != end;) {
        NEXT
    }
}
