/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_gru_step.c Element-wise part of a step of a re-rolled GRU. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_gru_step.h"

#include <stddef.h>

#include "safe/kernel/rerolled_product.h"

/** Zero point of the results of LOGISTIC. */
#define LOGISTIC_ZERO (-128)

/** An activation in place: results plus 128, as uint8. @param words Words of its argument. */
static void activate(const int32_t *words, const safe_rerolled_shared_t *shared, int32_t units,
                     int8_t *values)
{
    const safe_rerolled_argument_t argument = {words[0], words[1]};
    safe_rerolled_activate(argument, shared, units, values);
}

void safe_rerolled_gru_update(const int32_t *words, const safe_rerolled_shared_t *shared,
                              int32_t units, int8_t *gates, int8_t *terms, const int8_t *before,
                              int8_t *hidden)
{
    const int32_t *exact = shared->exact;
    const int32_t zeros = words[SAFE_GRU_ZEROS];
    int8_t *const z = gates;
    int8_t *const r = &gates[units];
    int8_t *const value = &gates[2 * units];
    safe_rerolled_add(&words[SAFE_GRU_UPDATE_SUM], exact, units, z, terms);
    activate(&words[SAFE_GRU_UPDATE], shared, units, z);
    safe_rerolled_add(&words[SAFE_GRU_RESET_SUM], exact, units, r, &terms[units]);
    activate(&words[SAFE_GRU_RESET], shared, units, r);
    safe_rerolled_signed(2 * units, gates);
    const safe_rerolled_vector_t reset = {r, LOGISTIC_ZERO};
    const safe_rerolled_vector_t term = {&terms[2 * units], (zeros & 0xFF) - 128};
    safe_rerolled_multiply(&words[SAFE_GRU_RESET_PRODUCT], units, reset, term, r);
    safe_rerolled_add(&words[SAFE_GRU_VALUE_SUM], exact, units, value, r);
    activate(&words[SAFE_GRU_VALUE], shared, units, value);
    safe_rerolled_signed(units, value);
    /* The hidden state is update * before + (1 - update) * value; its first term is written where
     * it ends, over `before` where both are one. */
    if (before != NULL) {
        const safe_rerolled_vector_t kept = {z, LOGISTIC_ZERO};
        const safe_rerolled_vector_t last = {before, (zeros >> 8 & 0xFF) - 128};
        safe_rerolled_multiply(&words[SAFE_GRU_KEPT], units, kept, last, hidden);
    }
    safe_rerolled_add(&words[SAFE_GRU_OPEN], exact, units, z, z);
    const safe_rerolled_vector_t open = {z, (zeros >> 16) - 128};
    const safe_rerolled_vector_t candidate = {value, 0};
    safe_rerolled_multiply(&words[SAFE_GRU_NEW], units, open, candidate,
                           before != NULL ? value : hidden);
    if (before != NULL) {
        safe_rerolled_add(&words[SAFE_GRU_HIDDEN_SUM], exact, units, hidden, value);
    }
}
