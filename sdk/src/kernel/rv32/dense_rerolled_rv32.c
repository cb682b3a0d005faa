/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_rerolled_rv32.c A matrix product in tiles of eight rows, whose sums stay in
 * registers until they are rescaled. */
#define SAFE_GOAL_NO_SMALL
#include "safe/kernel/goal.h"

#include "safe/kernel/dense_rerolled_rv32.h"

#include "safe/compiler.h"
#include "safe/kernel/rv32.h"

/** Row r of a tile as int8, by safe_rerolled_coarse_t; notes the row where that is in doubt. */
#define RESCALE(r)                                                                                 \
    do {                                                                                           \
        const int32_t factor = high_of((int32_t)rows[r], coarse.factor);                           \
        const int32_t up = (int32_t)((uint32_t)a##r << doubled_up);                                \
        const int32_t scaled = high_of(up, factor) + coarse.start;                                 \
        if (SAFE_UNLIKELY((uint32_t)scaled << 18 < coarse.doubt)) {                                \
            doubtful |= 1 << (r);                                                                  \
            SAFE_RV32_FENCE();                                                                     \
        }                                                                                          \
        output[r] = (int8_t)limited(scaled >> 14, most);                                           \
        SAFE_RV32_FENCE();                                                                         \
    } while (0)

/** floor(a * b / 2^32); what is made of it must not know of more bits, for which it would be
 * multiplied in 64. */
static inline int32_t high_of(int32_t a, int32_t b)
{
    int32_t high = (int32_t)(((int64_t)a * b) >> 32);
    SAFE_RV32_WHOLE(high);
    return high;
}

/** Limits a value to int8. @param most 255, kept in a register. */
static inline int32_t limited(int32_t value, uint32_t most)
{
    if (SAFE_UNLIKELY((uint32_t)value + 128u > most)) {
        value = value < 0 ? INT8_MIN : INT8_MAX;
    }
    SAFE_RV32_WHOLE(value);
    return value;
}

/** The rows that are in doubt, as TFLM rounds them. @param rows A bit for each. */
static SAFE_NOINLINE void settle(const int32_t *sums, int32_t doubtful, const uint32_t *rows,
                                 const int32_t *words, int8_t *output)
{
    const safe_rerolled_scale_t exact = safe_rerolled_scale(words);
    for (int32_t r = 0; doubtful != 0; r++, doubtful >>= 1) {
        if ((doubtful & 1) != 0) {
            output[r] = (int8_t)safe_rerolled_exact(2 * sums[r], rows[r], &exact);
        }
    }
}

SAFE_NOINLINE void safe_rv32_dense_rerolled(const safe_dense_rerolled_t *dense,
                                            const int32_t *words, int32_t tiles,
                                            const int16_t *values, int8_t *output)
{
    const safe_rerolled_coarse_t coarse = safe_rerolled_coarse(words);
    const int32_t doubled_up = coarse.up + 1;
    const int8_t *weights = dense->weights;
    const uint32_t *rows = dense->scales;
    const int32_t *start = dense->start;
    const int16_t *const end = &values[dense->depth];
    uint32_t most = UINT8_MAX;
    SAFE_RV32_WHOLE(most);
    for (const int8_t *last = &output[SAFE_DENSE_REROLLED_ROWS * tiles]; output != last;) {
        /* Eight sums in eight registers, for the macros above. */
        int32_t a0 = start[0];
        int32_t a1 = start[1];
        int32_t a2 = start[2];
        int32_t a3 = start[3];
        int32_t a4 = start[4];
        int32_t a5 = start[5];
        int32_t a6 = start[6];
        int32_t a7 = start[7];
        int32_t doubtful = 0;
#if SAFE_GOAL == SAFE_GOAL_SIZE
        for (const int16_t *at = values; at != end; at++, weights += 8) {
            SAFE_RV32_PRODUCTS8(at, weights, 0);
        }
#else
        for (const int16_t *at = values; at != end; at += 4, weights += 32) {
            SAFE_RV32_PRODUCTS8(at, weights, 0);
            SAFE_RV32_PRODUCTS8(at, weights, 1);
            SAFE_RV32_PRODUCTS8(at, weights, 2);
            SAFE_RV32_PRODUCTS8(at, weights, 3);
        }
#endif
        RESCALE(0);
        RESCALE(1);
        RESCALE(2);
        RESCALE(3);
        RESCALE(4);
        RESCALE(5);
        RESCALE(6);
        RESCALE(7);
        /* A fraction that lies within the error of the coarse scale of a tie may round either way:
         * these few rows are rescaled exactly. */
        if (SAFE_UNLIKELY(doubtful != 0)) {
            const int32_t sums[SAFE_DENSE_REROLLED_ROWS] = {a0, a1, a2, a3, a4, a5, a6, a7};
            settle(sums, doubtful, rows, words, output);
        }
        start += dense->start_step;
        rows += SAFE_DENSE_REROLLED_ROWS;
        output += SAFE_DENSE_REROLLED_ROWS;
    }
}

SAFE_NOINLINE void safe_rv32_widen(const int8_t *values, int32_t length, int32_t zero_point,
                                   int16_t *wide)
{
    for (int32_t k = 0; k < length; k++) {
        *wide++ = (int16_t)(values[k] - zero_point);
    }
    for (; (length & 3) != 0; length++) {
        *wide++ = 0;
    }
}
