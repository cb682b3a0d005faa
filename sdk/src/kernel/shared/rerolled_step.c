/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_step.c Element-wise part of a step of a re-rolled LSTM, in few instructions. */
#if defined(__riscv)
#define SAFE_GOAL_NO_SMALL
#endif
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_step.h"

#include <stddef.h>

#include "safe/compiler.h"
#include "safe/kernel/add_element.h"
#include "safe/kernel/rerolled_rescale.h"

/** Leading zeros of a word other than 0. */
static inline int32_t leading_zeros(uint32_t value)
{
#if SAFE_DSP
    return __builtin_clz(value);
#else
    int32_t zeros = 0;
    for (; value >> 31 == 0; value <<= 1) {
        zeros++;
    }
    return zeros;
#endif
}

SAFE_NOINLINE int32_t safe_rerolled_exact(int32_t twice, uint32_t row,
                                          const safe_rerolled_scale_t *scale)
{
    /* How far the product of both scales has to be shifted left so that its highest bit is set,
     * from a few of its bits. The generator corrects `guess` where these would not tell. */
    const uint32_t guess = (uint32_t)(((uint64_t)row * scale->guess) >> 32);
    const int32_t right = leading_zeros(guess);
    row <<= right - scale->right;
    /* 32 bits of `row` times the 64 bits high:low, rounded to the highest 32: the generator proves
     * for every row and step that this is the multiplier of TFLM. */
    const uint32_t low = (uint32_t)(((uint64_t)row * scale->low) >> 32);
    const int32_t multiplier = (int32_t)(((uint64_t)row * scale->high + low + 0x80000000u) >> 32);
    /* Halves away from zero, as in safe_dsp_rescale; the last bit of the shift is that of half. */
    const int32_t scaled = safe_dsp_smmulr(twice, multiplier) - (twice < 0 ? 1 : 0);
    return safe_dsp_ssat8_q1((scaled >> right) + 2 * scale->zero_point + 1);
}

/** An affine sum of two values; see rerolled_step.h. */
typedef struct affine {
    int32_t first;
    int32_t second;
    int32_t start;
} affine_t;

static inline affine_t affine_of(const int32_t *words)
{
    const affine_t sum = {words[0], words[1], words[2]};
    return sum;
}

#if SAFE_UNALIGNED_WORDS
/** Four int8 values: each in the high byte of a half. */
typedef struct four {
    uint32_t even; /**< Values 0 and 2. */
    uint32_t odd;  /**< Values 1 and 3. */
} four_t;

static inline four_t four_of(const int8_t *values)
{
    const uint32_t word = safe_dsp_load(values);
    const four_t four = {word << 8 & 0xFF00FF00u, word & 0xFF00FF00u};
    return four;
}
#endif

/** Sum of an int8 in the high byte of a low half, and the rest. */
static inline int32_t term(int32_t factor, int32_t value, int32_t rest)
{
    return safe_dsp_smlawb(factor, (uint32_t)value << 8, rest);
}

/** The sum of two int8 values. */
static inline int32_t add(affine_t a, int32_t first, int32_t second)
{
    return safe_dsp_ssat8_q20(term(a.first, first, term(a.second, second, a.start)));
}

/** Result plus 128 of an activation for its argument. */
static inline uint8_t level_of(const uint8_t *bins, const int32_t *thresholds, int32_t argument)
{
    const uint32_t level = bins[safe_dsp_usat10_q17(argument)];
    return (uint8_t)(level + ((uint32_t)(thresholds[level] - argument) >> 31));
}

/** Adds as TFLM does, into `first`; a step or two of some models need it. */
static SAFE_NOINLINE void add_exactly(const int32_t *words, int32_t length, int8_t *first,
                                      const int8_t *second)
{
    const safe_add_element_t e = {words[0], words[1], words[2], words[3], words[4],  words[5],
                                  words[6], words[7], words[8], words[9], words[10], words[11]};
    for (int32_t i = 0; i < length; i++) {
        const int32_t large = words[12] != 0 ? second[i] : first[i];
        const int32_t small = words[12] != 0 ? first[i] : second[i];
        first[i] = (int8_t)safe_add_one(e, large, small);
    }
}

/* The next sum of safe_rerolled_add. With pointers that the compiler knows nothing of, each access
 * moves its own: of several elements in a turn only the loop's end is saved. */
#define NEXT_SUM                                                                                   \
    {                                                                                              \
        *first = (int8_t)add(sum, *first, *second++);                                              \
        first++;                                                                                   \
        SAFE_DSP_OPAQUE(first);                                                                    \
        SAFE_DSP_OPAQUE(second);                                                                   \
    }

SAFE_NOINLINE void safe_rerolled_add(const int32_t *words, const int32_t *exact, int32_t length,
                                     int8_t *first, const int8_t *second)
{
    if (words[2] == SAFE_REROLLED_EXACT) {
        add_exactly(&exact[words[0] * SAFE_REROLLED_EXACT_WORDS], length, first, second);
        return;
    }
    const affine_t sum = affine_of(words);
#if SAFE_DSP
    for (const int8_t *end = &first[length & ~(SAFE_UNROLL - 1)]; first != end;) {
        SAFE_REPEAT(NEXT_SUM)
    }
    length &= SAFE_UNROLL - 1;
#endif
    for (const int8_t *end = &first[length]; first != end;) {
        NEXT_SUM
    }
}

SAFE_NOINLINE void safe_rerolled_signed(int32_t length, int8_t *values)
{
#if SAFE_UNALIGNED_WORDS
    for (; length >= 4; length -= 4) {
        safe_dsp_store(values, safe_dsp_load(values) ^ 0x80808080u);
        values += 4;
    }
#endif
    for (; length > 0; length--) {
        *values = (int8_t)((uint8_t)*values - 128);
        values++;
    }
}

/** Whether the sums of a gate are affine in this step; if not, adds both values one by one. */
static int is_affine(const int32_t *words, const int32_t *exact, int32_t length, int8_t *gates,
                     const int8_t *recurrent, const int8_t *bias)
{
    if (words[SAFE_REROLLED_SUM + 2] != SAFE_REROLLED_EXACT &&
        words[SAFE_REROLLED_BIASED + 2] != SAFE_REROLLED_EXACT) {
        return 1;
    }
    safe_rerolled_add(&words[SAFE_REROLLED_SUM], exact, length, gates, recurrent);
    safe_rerolled_add(&words[SAFE_REROLLED_BIASED], exact, length, gates, bias);
    return 0;
}

#if SAFE_UNALIGNED_WORDS
/** Adds two values to each gate. @param length A multiple of four. */
static SAFE_NOINLINE void add_both(const int32_t *words, int32_t length, int8_t *gates,
                                   const int8_t *recurrent, const int8_t *bias)
{
    const affine_t sum = affine_of(&words[SAFE_REROLLED_SUM]);
    const affine_t biased = affine_of(&words[SAFE_REROLLED_BIASED]);
    for (const int8_t *end = &gates[length]; gates != end; gates += 4) {
        /* Four values at a time, in the high bytes of halves: SMLAWB and SMLAWT take a half without
         * unpacking it. Value by value: gate + recurrent term, limited to int8, + bias, limited to
         * int8. */
        const four_t one = four_of(gates);
        const four_t two = four_of(recurrent);
        const four_t three = four_of(bias);
        int32_t rest = safe_dsp_smlawb(sum.second, two.even, sum.start);
        rest = safe_dsp_ssat8_q20(safe_dsp_smlawb(sum.first, one.even, rest));
        rest = term(biased.first, rest, safe_dsp_smlawb(biased.second, three.even, biased.start));
        gates[0] = (int8_t)safe_dsp_ssat8_q20(rest);
        rest = safe_dsp_smlawb(sum.second, two.odd, sum.start);
        rest = safe_dsp_ssat8_q20(safe_dsp_smlawb(sum.first, one.odd, rest));
        rest = term(biased.first, rest, safe_dsp_smlawb(biased.second, three.odd, biased.start));
        gates[1] = (int8_t)safe_dsp_ssat8_q20(rest);
        rest = safe_dsp_smlawt(sum.second, two.even, sum.start);
        rest = safe_dsp_ssat8_q20(safe_dsp_smlawt(sum.first, one.even, rest));
        rest = term(biased.first, rest, safe_dsp_smlawt(biased.second, three.even, biased.start));
        gates[2] = (int8_t)safe_dsp_ssat8_q20(rest);
        rest = safe_dsp_smlawt(sum.second, two.odd, sum.start);
        rest = safe_dsp_ssat8_q20(safe_dsp_smlawt(sum.first, one.odd, rest));
        rest = term(biased.first, rest, safe_dsp_smlawt(biased.second, three.odd, biased.start));
        gates[3] = (int8_t)safe_dsp_ssat8_q20(rest);
        recurrent += 4;
        bias += 4;
    }
}
#else
/** Adds two values to each gate, and its activation in place of the sum: without registers for
 * four values, keeping the sum for a loop of its own would only cost. */
static SAFE_NOINLINE void add_and_activate(const int32_t *words, safe_rerolled_argument_t argument,
                                           const safe_rerolled_shared_t *shared, int32_t length,
                                           int8_t *gates, const int8_t *recurrent,
                                           const int8_t *bias)
{
    const affine_t sum = affine_of(&words[SAFE_REROLLED_SUM]);
    const affine_t biased = affine_of(&words[SAFE_REROLLED_BIASED]);
    const uint8_t *bins = shared->bins;
    const int32_t *thresholds = shared->thresholds;
    uint8_t *level = (uint8_t *)gates;
    for (const int8_t *end = &gates[length]; gates != end; level++) {
        const int32_t value = add(biased, add(sum, *gates++, *recurrent++), *bias++);
        *level = level_of(bins, thresholds, term(argument.factor, value, argument.start));
    }
}
#endif

SAFE_NOINLINE void safe_rerolled_activate(safe_rerolled_argument_t argument,
                                          const safe_rerolled_shared_t *shared, int32_t length,
                                          int8_t *values)
{
    const uint8_t *bins = shared->bins;
    const int32_t *thresholds = shared->thresholds;
    const int32_t factor = argument.factor;
    const int32_t start = argument.start;
    uint8_t *level = (uint8_t *)values;
    const int8_t *end = &values[length];
#if SAFE_UNALIGNED_WORDS
    for (end = &values[length & ~3]; values != end; values += 4, level += 4) {
        const four_t four = four_of(values);
        level[0] = level_of(bins, thresholds, safe_dsp_smlawb(factor, four.even, start));
        level[1] = level_of(bins, thresholds, safe_dsp_smlawb(factor, four.odd, start));
        level[2] = level_of(bins, thresholds, safe_dsp_smlawt(factor, four.even, start));
        level[3] = level_of(bins, thresholds, safe_dsp_smlawt(factor, four.odd, start));
    }
    end = &values[length & 3];
#endif
    for (; values != end; values++, level++) {
        *level = level_of(bins, thresholds, term(factor, *values, start));
    }
}

void safe_rerolled_gates(const int32_t *words, const safe_rerolled_shared_t *shared, int32_t units,
                         int8_t *gates, const int8_t *recurrent, const int8_t *bias)
{
    const safe_rerolled_argument_t logistic = {words[SAFE_REROLLED_GATE],
                                               words[SAFE_REROLLED_GATE + 1]};
    /* The middle of the curve stays where it is. */
    const safe_rerolled_argument_t tanh = {2 * logistic.factor,
                                           2 * logistic.start - SAFE_REROLLED_BINS / 2 * (1 << 17)};
    /* Gates lie in Keras' order: input and forget (LOGISTIC), cell (TANH), output (LOGISTIC). */
    const int32_t length = SAFE_REROLLED_GATES * units;
    if (recurrent != NULL && is_affine(words, shared->exact, length, gates, recurrent, bias)) {
#if SAFE_UNALIGNED_WORDS
        add_both(words, length, gates, recurrent, bias);
#else
        add_and_activate(words, logistic, shared, 2 * units, gates, recurrent, bias);
        add_and_activate(words, tanh, shared, units, &gates[2 * units], &recurrent[2 * units],
                         &bias[2 * units]);
        add_and_activate(words, logistic, shared, units, &gates[3 * units], &recurrent[3 * units],
                         &bias[3 * units]);
        return;
#endif
    }
    safe_rerolled_activate(logistic, shared, 2 * units, gates);
    safe_rerolled_activate(tanh, shared, units, &gates[2 * units]);
    safe_rerolled_activate(logistic, shared, units, &gates[3 * units]);
}

/* The next element of multiply_all; see NEXT_SUM. */
#define NEXT_PRODUCT                                                                               \
    {                                                                                              \
        const int32_t product = *level++ * (SAFE_REROLLED_TIMES * *value++ - zero);                \
        *output++ = (uint8_t)safe_rerolled_product(scaled, product);                               \
        SAFE_DSP_OPAQUE(level);                                                                    \
        SAFE_DSP_OPAQUE(value);                                                                    \
        SAFE_DSP_OPAQUE(output);                                                                   \
    }

/**
 * output = level * (value - zero point), an int8.
 *
 * @param words Words of the product. @param zero SAFE_REROLLED_TIMES the zero point of the value;
 * both have 128 added.
 */
static SAFE_NOINLINE void multiply_all(const int32_t *words, int32_t zero, int32_t units,
                                       const uint8_t *level, const uint8_t *value, uint8_t *output)
{
    const safe_rerolled_scaled_t scaled = safe_rerolled_scaled(words);
#if SAFE_DSP
    for (const uint8_t *end = &level[units & ~(SAFE_UNROLL - 1)]; level != end;) {
        SAFE_REPEAT(NEXT_PRODUCT)
    }
    units &= SAFE_UNROLL - 1;
#endif
    for (const uint8_t *end = &level[units]; level != end;) {
        NEXT_PRODUCT
    }
}

/** The cell state plus 128, and its activation plus 128 in place of `update`. */
static SAFE_NOINLINE void update_cell(const int32_t *words, const safe_rerolled_shared_t *shared,
                                      int32_t units, uint8_t *update, uint8_t *cell)
{
    affine_t sum = affine_of(&words[SAFE_REROLLED_CELL]);
    if (sum.start == SAFE_REROLLED_EXACT) {
        const affine_t first = {1 << 28, 0, 1 << 19};
        add_exactly(&shared->exact[sum.first * SAFE_REROLLED_EXACT_WORDS], units, (int8_t *)cell,
                    (const int8_t *)update);
        sum = first;
    }
    const uint8_t *bins = shared->bins;
    const int32_t *thresholds = shared->thresholds;
    const int32_t factor = words[SAFE_REROLLED_SHOWN];
    const int32_t start = words[SAFE_REROLLED_SHOWN + 1];
    for (const uint8_t *end = &cell[units]; cell != end; cell++, update++) {
        const int32_t state = add(sum, (int8_t)*cell, (int8_t)*update);
        *cell = (uint8_t)(state + 128);
        *update = level_of(bins, thresholds, term(factor, state, start));
    }
}

void safe_rerolled_update(const int32_t *words, const safe_rerolled_shared_t *shared, int32_t units,
                          int8_t *gates, uint8_t *cell, int8_t *hidden)
{
    uint8_t *const level = (uint8_t *)gates;
    const uint8_t *output = &level[3 * units];
    /* In place, step by step: input gate * candidate over the input gate; forget gate * cell over
     * the cell; their sum is the new cell, and its tanh replaces what was the input gate; output
     * gate * that is the hidden state. */
    multiply_all(&words[SAFE_REROLLED_UPDATE], SAFE_REROLLED_TIMES * 128, units, level,
                 &level[2 * units], level);
    multiply_all(&words[SAFE_REROLLED_FORGET],
                 SAFE_REROLLED_TIMES * (words[SAFE_REROLLED_ZEROS] & 0xFF), units, &level[units],
                 cell, cell);
    update_cell(words, shared, units, level, cell);
    multiply_all(&words[SAFE_REROLLED_HIDDEN], SAFE_REROLLED_TIMES * 128, units, output, level,
                 (uint8_t *)hidden);
}
