/* SPDX-License-Identifier: Apache-2.0 */
/* Plain kernels against tuned ones of the same name, with random arguments inside of what their
 * headers allow. The plain ones are compiled with "plain_" in place of "safe_" before their names.
 */
#include <stddef.h>
#include <string.h>

#include "safe/kernel/add_element.h"
#include "safe/kernel/mul.h"
#include "safe/kernel/rerolled_product.h"
#include "safe/kernel/rerolled_step.h"
#include "safe/kernel/rerolled_unpack.h"
#include "safe/kernel/slide.h"

#define MOST 64
#define UNITS 9

int safe_pairs_compare(uint32_t seed);
int safe_pairs_run(const void *input, void *output);

void plain_kernel_mul_s8(const safe_mul_params_t *params, const int8_t *input1,
                         const int8_t *input2, int8_t *output);
int32_t plain_rerolled_exact(int32_t twice, uint32_t row, const safe_rerolled_scale_t *scale);
void plain_rerolled_add(const int32_t *words, const int32_t *exact, int32_t length, int8_t *first,
                        const int8_t *second);
void plain_rerolled_activate(safe_rerolled_argument_t argument,
                             const safe_rerolled_shared_t *shared, int32_t length, int8_t *values);
void plain_rerolled_signed(int32_t length, int8_t *values);
void plain_rerolled_gates(const int32_t *words, const safe_rerolled_shared_t *shared, int32_t units,
                          int8_t *gates, const int8_t *recurrent, const int8_t *bias);
void plain_rerolled_update(const int32_t *words, const safe_rerolled_shared_t *shared,
                           int32_t units, int8_t *gates, uint8_t *cell, int8_t *hidden);
void plain_rerolled_multiply(const int32_t *words, int32_t units, safe_rerolled_vector_t a,
                             safe_rerolled_vector_t b, int8_t *output);

const uint8_t *plain_rerolled_unpack(const uint8_t *packed, int32_t count, int32_t *words);

void plain_kernel_slide(const safe_slide_params_t *params, const void *rows, void *buffer);

static uint32_t s_state;

static uint32_t next(void)
{
    s_state = s_state * 1664525u + 1013904223u;
    return s_state >> 8;
}

/** In [low, high]. */
static int32_t within(int32_t low, int32_t high)
{
    const uint64_t span = (uint64_t)((int64_t)high - low) + 1u;
    const uint64_t drawn = (uint64_t)next() << 24 | next();
    return (int32_t)(low + (int64_t)(drawn % span));
}

/** One time in `times`. */
static int seldom(uint32_t times)
{
    return next() % times == 0u;
}

static int32_t multiplier(void)
{
    return within(1 << 30, INT32_MAX);
}

/** Values of all sizes; every other time extremes. */
static void draw(void *bytes, size_t length)
{
    const int extreme = seldom(4);
    for (size_t i = 0; i < length; i++) {
        const uint8_t drawn = (uint8_t)next();
        ((uint8_t *)bytes)[i] = !extreme ? drawn : (uint8_t)((drawn & 1u) != 0u ? 127 : 128);
    }
}

static int differs(const void *one, const void *other, size_t length)
{
    return memcmp(one, other, length) != 0;
}

static int mul(void)
{
    int8_t input1[MOST], input2[MOST], one[MOST], other[MOST];
    const int32_t length = within(1, 20);
    const int32_t rows = within(1, 3);
    const int equal = seldom(2);
    safe_mul_params_t p;
    memset(&p, 0, sizeof p);
    p.walk.rows = rows;
    p.walk.length = length;
    p.walk.step1 = equal ? 1 : within(0, 1);
    p.walk.step2 = equal ? 1 : within(0, 1);
    p.walk.axes = rows > 1;
    p.walk.axis[0].count = rows;
    p.walk.axis[0].step1 = equal || seldom(2) ? length : 0;
    p.walk.axis[0].step2 = equal || seldom(2) ? length : 0;
    p.element.zero_point1 = within(-128, 127);
    p.element.zero_point2 = within(-128, 127);
    p.element.multiplier = seldom(20) ? 0 : multiplier();
    p.element.shift = seldom(5) ? within(-31, 8) : within(-12, -4);
    p.element.zero_point = within(-128, 127);
    p.element.low = seldom(3) ? within(-128, 0) : -128;
    p.element.high = seldom(3) ? within(0, 127) : 127;
    draw(input1, sizeof input1);
    draw(input2, sizeof input2);
    safe_kernel_mul_s8(&p, input1, input2, one);
    plain_kernel_mul_s8(&p, input1, input2, other);
    return differs(one, other, (size_t)(rows * length));
}

static int exact(void)
{
    const int32_t high = (int32_t)(0x80000000u | next() << 8 | next());
    const int32_t right = within(2, 14);
    const int32_t words[3] = {high, (int32_t)(next() << 8), within(0, 255) | right << 8 | 1 << 16};
    const safe_rerolled_scale_t scale = safe_rerolled_scale(words);
    const uint32_t row = (uint32_t)within(1 << 20, INT32_MAX);
    const int32_t sum = within(-(1 << 30) + 1, (1 << 30) - 1) >> within(0, 24);
    uint32_t product = (uint32_t)(((uint64_t)row * (uint32_t)high) >> 32);
    while (product >> 30 == 0u) {
        product <<= 1;
    }
    /* Where the multiplier is next to a power of 2 the generator corrects the guess, or refuses. */
    if (product < (1u << 30) + 8192u || product > (1u << 31) - 8192u) {
        return 0;
    }
    return safe_rerolled_exact(2 * sum, row, &scale) != plain_rerolled_exact(2 * sum, row, &scale);
}

static int slide(void)
{
    /* A union: rows of the width that a model's values have, aligned as an arena is. */
    static union {
        uint32_t words[MOST];
        uint8_t bytes[4 * MOST];
    } one, other, rows;
    const int32_t unit = seldom(3) ? 1 : 4;
    safe_slide_params_t p;
    p.start_bytes = unit * within(0, 8);
    p.keep_bytes = unit * within(0, 40);
    p.new_bytes = unit * within(1, 16);
    if (p.start_bytes + p.keep_bytes + p.new_bytes > 4 * MOST) {
        p.keep_bytes = 0;
    }
    draw(one.bytes, sizeof one.bytes);
    draw(rows.bytes, sizeof rows.bytes);
    memcpy(other.bytes, one.bytes, sizeof other.bytes);
    safe_kernel_slide(&p, rows.bytes, one.bytes);
    plain_kernel_slide(&p, rows.bytes, other.bytes);
    return differs(one.bytes, other.bytes, sizeof one.bytes);
}

static void draw_product(int32_t *words)
{
    words[0] = multiplier();
    words[1] = within(0, 16) << 8 | within(0, 255);
}

static int multiply(void)
{
    int8_t values[2][UNITS], one[UNITS], other[UNITS];
    int32_t words[2];
    draw(values, sizeof values);
    draw_product(words);
    const int32_t units = within(1, UNITS);
    const safe_rerolled_vector_t a = {values[0], within(-128, 127)};
    const safe_rerolled_vector_t b = {values[1], within(-128, 127)};
    safe_rerolled_multiply(words, units, a, b, one);
    plain_rerolled_multiply(words, units, a, b, other);
    return differs(one, other, (size_t)units);
}

static int unpack(void)
{
    uint8_t packed[5 * MOST];
    int32_t one[MOST / 2], other[MOST / 2];
    const int32_t count = within(1, MOST / 2);
    draw(packed, sizeof packed);
    draw(one, sizeof one);
    memcpy(other, one, sizeof other);
    packed[0] &= 0xFCu; /* the first difference has four bytes */
    return safe_rerolled_unpack(packed, count, one) !=
               plain_rerolled_unpack(packed, count, other) ||
           differs(one, other, sizeof one);
}

static uint8_t s_bins[SAFE_REROLLED_BINS];
static int32_t s_thresholds[256];
static int32_t s_exact[2][SAFE_REROLLED_EXACT_WORDS];
static const safe_rerolled_shared_t shared = {s_bins, s_thresholds, s_exact[0]};

/** A sum as TFLM computes it; `SAFE_REROLLED_EXACT_WORDS` words. */
static void draw_exact(int32_t *words)
{
    const int32_t sign = seldom(2) ? 1 : -1;
    words[0] = sign * (1 << 20);
    words[1] = -within(-128, 127) * words[0];
    words[2] = 1 << 21;
    words[3] = -within(-128, 127) * words[2];
    words[4] = multiplier();
    words[5] = within(1, 4);
    words[6] = seldom(2) ? 2 : -2;
    words[7] = multiplier();
    words[8] = within(18, 22);
    words[9] = within(-128, 127);
    words[10] = -128;
    words[11] = 127;
    words[12] = within(0, 1);
}

static void draw_shared(void)
{
    for (int32_t i = 0; i < 256; i++) {
        s_thresholds[i] = i < 255 ? (i + 1) * (1 << 19) - 1 - within(0, 1 << 18) : INT32_MAX;
    }
    for (int32_t b = 0; b < SAFE_REROLLED_BINS; b++) {
        s_bins[b] = (uint8_t)(b / 4);
    }
    draw_exact(s_exact[0]);
    draw_exact(s_exact[1]);
}

static void draw_sum(int32_t *words)
{
    words[0] = within(-(1 << 29), 1 << 29);
    words[1] = within(-(1 << 29), 1 << 29);
    words[2] = within(-(1 << 28), 1 << 28);
    if (seldom(4)) {
        words[0] = within(0, 1);
        words[2] = SAFE_REROLLED_EXACT;
    }
}

static void draw_step(int32_t *words)
{
    draw_sum(&words[SAFE_REROLLED_SUM]);
    draw_sum(&words[SAFE_REROLLED_BIASED]);
    draw_sum(&words[SAFE_REROLLED_CELL]);
    for (int32_t at = SAFE_REROLLED_GATE; at <= SAFE_REROLLED_SHOWN;
         at += SAFE_REROLLED_SHOWN - SAFE_REROLLED_GATE) {
        words[at] = within(-(1 << 28), 1 << 28);
        words[at + 1] = within(0, 1 << 27);
    }
    draw_product(&words[SAFE_REROLLED_UPDATE]);
    draw_product(&words[SAFE_REROLLED_FORGET]);
    draw_product(&words[SAFE_REROLLED_HIDDEN]);
    words[SAFE_REROLLED_ZEROS] = within(0, 0xFFFF);
}

static int add(const int32_t *words)
{
    int8_t one[MOST], other[MOST], second[MOST];
    const int32_t length = within(1, MOST);
    draw(one, sizeof one);
    draw(second, sizeof second);
    memcpy(other, one, sizeof other);
    safe_rerolled_add(&words[SAFE_REROLLED_SUM], s_exact[0], length, one, second);
    plain_rerolled_add(&words[SAFE_REROLLED_SUM], s_exact[0], length, other, second);
    return differs(one, other, sizeof one);
}

static int activate(const int32_t *words)
{
    int8_t one[MOST], other[MOST];
    const safe_rerolled_argument_t argument = {words[SAFE_REROLLED_GATE],
                                               words[SAFE_REROLLED_GATE + 1]};
    const int32_t length = within(1, MOST);
    draw(one, sizeof one);
    memcpy(other, one, sizeof other);
    safe_rerolled_activate(argument, &shared, length, one);
    plain_rerolled_activate(argument, &shared, length, other);
    safe_rerolled_signed(length, one);
    plain_rerolled_signed(length, other);
    return differs(one, other, sizeof one);
}

static int step(const int32_t *words)
{
    int8_t one[4 * UNITS], other[4 * UNITS], recurrent[4 * UNITS], bias[4 * UNITS];
    uint8_t one_cell[UNITS], other_cell[UNITS];
    int8_t one_hidden[UNITS] = {0}, other_hidden[UNITS] = {0};
    const int32_t units = within(1, UNITS);
    const int8_t *before = seldom(4) ? NULL : recurrent;
    int found;
    draw(one, sizeof one);
    draw(recurrent, sizeof recurrent);
    draw(bias, sizeof bias);
    draw(one_cell, sizeof one_cell);
    memcpy(other, one, sizeof other);
    memcpy(other_cell, one_cell, sizeof other_cell);
    safe_rerolled_gates(words, &shared, units, one, before, bias);
    plain_rerolled_gates(words, &shared, units, other, before, bias);
    found = differs(one, other, sizeof one);
    safe_rerolled_update(words, &shared, units, one, one_cell, one_hidden);
    plain_rerolled_update(words, &shared, units, other, other_cell, other_hidden);
    return found + differs(one_cell, other_cell, sizeof one_cell) +
           differs(one_hidden, other_hidden, sizeof one_hidden);
}

/** Draws arguments from `seed` for every pair. @return How many results differ. */
int safe_pairs_compare(uint32_t seed)
{
    int32_t words[SAFE_REROLLED_WORDS] = {0};

    s_state = seed * 2654435761u;
    draw_shared();
    draw_step(words);
    return mul() + slide() + exact() + unpack() + multiply() + add(words) + activate(words) +
           step(words);
}

/** For a core: `input` is the first of 64 seeds; the status is what differs. */
int safe_pairs_run(const void *input, void *output)
{
    uint32_t seed;
    int found = 0;

    memcpy(&seed, input, sizeof seed);
    for (uint32_t i = 0; i < 64u; i++) {
        found += safe_pairs_compare(seed + i);
    }
    *(uint8_t *)output = (uint8_t)found;
    return found;
}
