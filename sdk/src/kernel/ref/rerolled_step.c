/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_step.c Reference of the element-wise part of a step of a re-rolled LSTM or GRU.
 */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_step.h"

#include <stddef.h>

#include "safe/fixed_point.h"
#include "safe/kernel/add_element.h"
#include "safe/kernel/rerolled_product.h"

int32_t safe_rerolled_exact(int32_t twice, uint32_t row, const safe_rerolled_scale_t *scale)
{
    /* The multiplier of 31 bits lies in [2^30, 2^31): its exponent is known from the leading bits
     * of the product of both scales, which `guess` holds. */
    uint32_t guess = (uint32_t)(((uint64_t)row * scale->guess) >> 32);
    int32_t right = 0;
    for (; guess >> 31 == 0; guess <<= 1) {
        right++;
    }
    row <<= right - scale->right;
    /* The product of 32 and 64 bits, rounded to its highest 32. */
    const uint32_t low = (uint32_t)(((uint64_t)row * scale->low) >> 32);
    const int32_t multiplier = (int32_t)(((uint64_t)row * scale->high + low + 0x80000000u) >> 32);
    const int32_t scaled = safe_requantize(twice / 2, multiplier, -(right + 1));
    return safe_clamp(scaled + scale->zero_point, INT8_MIN, INT8_MAX);
}

/** Returns floor(factor * value / 2^8) + rest; the generator proves that it fits. */
static int32_t term(int32_t factor, int32_t value, int32_t rest)
{
    return (int32_t)(((int64_t)factor * value) >> 8) + rest;
}

/** Returns the sum of two int8 values. @param words A, B, C: see rerolled_step.h. */
static int32_t sum_of(const int32_t *words, const int32_t *exact, int32_t first, int32_t second)
{
    if (words[2] == SAFE_REROLLED_EXACT) {
        const int32_t *w = &exact[words[0] * SAFE_REROLLED_EXACT_WORDS];
        const safe_add_element_t e = {w[0], w[1], w[2], w[3], w[4],  w[5],
                                      w[6], w[7], w[8], w[9], w[10], w[11]};
        return w[12] != 0 ? safe_add_one(e, second, first) : safe_add_one(e, first, second);
    }
    const int32_t sum = term(words[0], first, term(words[1], second, words[2]));
    return safe_clamp(sum >> 20, INT8_MIN, INT8_MAX);
}

/** Returns the result of an activation plus 128. */
static uint8_t level_of(const safe_rerolled_shared_t *shared, int32_t argument)
{
    /* The bin tells the level up to one: its only threshold decides. */
    const int32_t bin = safe_clamp(argument >> 17, 0, SAFE_REROLLED_BINS - 1);
    const uint8_t level = shared->bins[bin];
    return (uint8_t)(argument > shared->thresholds[level] ? level + 1 : level);
}

void safe_rerolled_add(const int32_t *words, const int32_t *exact, int32_t length, int8_t *first,
                       const int8_t *second)
{
    for (int32_t i = 0; i < length; i++) {
        first[i] = (int8_t)sum_of(words, exact, first[i], second[i]);
    }
}

void safe_rerolled_activate(safe_rerolled_argument_t argument, const safe_rerolled_shared_t *shared,
                            int32_t length, int8_t *values)
{
    for (int32_t i = 0; i < length; i++) {
        const int32_t x = term(argument.factor, values[i], argument.start);
        ((uint8_t *)values)[i] = level_of(shared, x);
    }
}

void safe_rerolled_signed(int32_t length, int8_t *values)
{
    for (int32_t i = 0; i < length; i++) {
        values[i] = (int8_t)((uint8_t)values[i] - 128);
    }
}

void safe_rerolled_gates(const int32_t *words, const safe_rerolled_shared_t *shared, int32_t units,
                         int8_t *gates, const int8_t *recurrent, const int8_t *bias)
{
    const safe_rerolled_argument_t logistic = {words[SAFE_REROLLED_GATE],
                                               words[SAFE_REROLLED_GATE + 1]};
    /* TANH is LOGISTIC of the doubled argument; the middle bin, argument 0, stays where it is. */
    const safe_rerolled_argument_t tanh = {2 * logistic.factor,
                                           2 * logistic.start - SAFE_REROLLED_BINS / 2 * (1 << 17)};
    const int32_t length = SAFE_REROLLED_GATES * units;
    if (recurrent != NULL) {
        safe_rerolled_add(&words[SAFE_REROLLED_SUM], shared->exact, length, gates, recurrent);
        safe_rerolled_add(&words[SAFE_REROLLED_BIASED], shared->exact, length, gates, bias);
    }
    safe_rerolled_activate(logistic, shared, 2 * units, gates);
    safe_rerolled_activate(tanh, shared, units, &gates[2 * units]);
    safe_rerolled_activate(logistic, shared, units, &gates[3 * units]);
}

void safe_rerolled_update(const int32_t *words, const safe_rerolled_shared_t *shared, int32_t units,
                          int8_t *gates, uint8_t *cell, int8_t *hidden)
{
    const uint8_t *const level = (const uint8_t *)gates;
    const int32_t cell_zero = words[SAFE_REROLLED_ZEROS] & 0xFF;
    for (int32_t u = 0; u < units; u++) {
        /* LOGISTIC's zero point is -128, TANH's 0: with 128 added, 0 and 128. */
        const int32_t input = level[u];
        const int32_t forget = level[units + u];
        const int32_t candidate = level[2 * units + u] - 128;
        const int32_t output = level[3 * units + u];
        const int32_t new_part =
            safe_rerolled_requantize(&words[SAFE_REROLLED_UPDATE], input * candidate);
        const int32_t kept =
            safe_rerolled_requantize(&words[SAFE_REROLLED_FORGET], forget * (cell[u] - cell_zero));
        const int32_t state = sum_of(&words[SAFE_REROLLED_CELL], shared->exact, kept, new_part);
        const int32_t shown = level_of(
            shared, term(words[SAFE_REROLLED_SHOWN], state, words[SAFE_REROLLED_SHOWN + 1]));
        cell[u] = (uint8_t)(state + 128);
        hidden[u] = safe_rerolled_requantize(&words[SAFE_REROLLED_HIDDEN], output * (shown - 128));
    }
}
