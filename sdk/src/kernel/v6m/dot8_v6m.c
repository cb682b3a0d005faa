/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot8_v6m.c Eight dot products, four of them in three multiplications: assembly, and its
 * twin in C. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dot8_v6m.h"

#include "safe/compiler.h"
#include "safe/kernel/v6m.h"

SAFE_NOINLINE void safe_v6m_widen(const int8_t *values, int32_t length, int32_t vector,
                                  int32_t *words)
{
    for (; length > 0; length -= vector) {
        int32_t *header = words;
        uint32_t total = 0;
        words += SAFE_DOT8_V6M_HEADER;
        for (int32_t k = 0; k < vector; k++) {
            const int32_t value = k < length ? *values++ : 0;
            total += (uint32_t)value;
            *words++ = value;
        }
        header[0] = (int32_t)sizeof(int32_t) * vector;
        header[1] = (int32_t)(total * (0u - 0x80808080u));
        header[2] = (int32_t)(total * (0u - 0x00008080u));
    }
}

#if SAFE_V6M_ASM

/* r0 weights, r1 values, r2 and r3 two values, r4 and r5 words of weights, r6 free, r7 end of the
 * values. Sums of both words: whole r8 and r10, turned r9 and r11, upper r12 and lr. Stack: 16
 * sums. Instructions for 16 products: 37 with the loop's own; for a tile: 125. */
#define WORD(word, value, whole, turned, upper)                                                    \
    "rev16 r6, " word "\n"                                                                         \
    "muls r6, " value ", r6\n"                                                                     \
    "add " turned ", r6\n"                                                                         \
    "lsrs r6, " word ", #16\n"                                                                     \
    "muls r6, " value ", r6\n"                                                                     \
    "add " upper ", r6\n"                                                                          \
    "muls " word ", " value ", " word "\n"                                                         \
    "add " whole ", " word "\n"
#define STEP(value)                                                                                \
    "ldmia r0!, {r4, r5}\n" WORD("r4", value, "r8", "r9", "r12")                                   \
        WORD("r5", value, "r10", "r11", "lr")
/* One turn of the loop, two for `speed`, which it enters in the middle where half a turn is left.
 */
#define PAIR "ldmia r1!, {r2, r3}\n" STEP("r2") STEP("r3")
#if SAFE_GOAL == SAFE_GOAL_SPEED
#define TURN                                                                                       \
    "lsls r3, r3, #28\n"                                                                           \
    "bmi 3f\n"                                                                                     \
    "2:\n" PAIR "3:\n" PAIR
#else
#define TURN "2:\n" PAIR
#endif
/* What two sums start from: that of the tile and, in `offset`, that of the values. */
#define START(offset, first, second)                                                               \
    "ldmia r2!, {r4, r5}\n"                                                                        \
    "adds r4, r4, " offset "\n"                                                                    \
    "adds r5, r5, " offset "\n"                                                                    \
    "mov " first ", r4\n"                                                                          \
    "mov " second ", r5\n"
/* The four sums of a word to r1: Q in r5 and P in r4; s0 in r2 and s1 in r3, h2 in r4 and h3 in r5,
 * whose bytes of what is missing r6 loses one after the other. */
#define TAKE(whole, turned, upper)                                                                 \
    "mov r4, " whole "\n"                                                                          \
    "mov r5, " turned "\n"                                                                         \
    "mov r6, " upper "\n"                                                                          \
    "lsls r2, r4, #8\n"                                                                            \
    "subs r5, r5, r2\n"                                                                            \
    "lsls r2, r5, #16\n"                                                                           \
    "adds r5, r5, r2\n"                                                                            \
    "lsls r2, r5, #8\n"                                                                            \
    "subs r4, r4, r2\n"                                                                            \
    "sxth r2, r4\n"                                                                                \
    "subs r4, r4, r2\n"                                                                            \
    "asrs r4, r4, #16\n"                                                                           \
    "sxth r3, r5\n"                                                                                \
    "subs r5, r5, r3\n"                                                                            \
    "asrs r5, r5, #16\n"                                                                           \
    "lsls r7, r5, #8\n"                                                                            \
    "adds r7, r7, r4\n"                                                                            \
    "subs r6, r7, r6\n"                                                                            \
    "sxtb r7, r6\n"                                                                                \
    "subs r6, r6, r7\n"                                                                            \
    "asrs r6, r6, #8\n"                                                                            \
    "subs r4, r4, r7\n"                                                                            \
    "lsls r7, r7, #16\n"                                                                           \
    "adds r2, r2, r7\n"                                                                            \
    "sxtb r7, r6\n"                                                                                \
    "subs r6, r6, r7\n"                                                                            \
    "asrs r6, r6, #8\n"                                                                            \
    "subs r5, r5, r7\n"                                                                            \
    "lsls r7, r7, #16\n"                                                                           \
    "adds r3, r3, r7\n"                                                                            \
    "sxtb r7, r6\n"                                                                                \
    "subs r6, r6, r7\n"                                                                            \
    "lsls r7, r7, #16\n"                                                                           \
    "subs r4, r4, r7\n"                                                                            \
    "lsls r6, r6, #8\n"                                                                            \
    "subs r5, r5, r6\n"                                                                            \
    "stmia r1!, {r2, r3, r4, r5}\n"

__attribute__((naked)) SAFE_NOINLINE const uint32_t *
safe_v6m_dot8(const uint32_t *weights __attribute__((unused)),
              const int32_t *values __attribute__((unused)),
              const uint32_t *start __attribute__((unused)), int32_t *sums __attribute__((unused)))
{
    __asm__ volatile(
        ".syntax unified\n"
        "push {r3, r4, r5, r6, r7, lr}\n"
        "mov r4, r8\n"
        "mov r5, r9\n"
        "mov r6, r10\n"
        "mov r7, r11\n"
        "push {r4, r5, r6, r7}\n"
        "ldmia r1!, {r3, r6, r7}\n" START("r6", "r8", "r9") START("r6", "r10", "r11")
            START("r7", "r12", "lr") "adds r7, r1, r3\n" TURN "cmp r1, r7\n"
                                     "bne 2b\n"
                                     "ldr r1, [sp, #16]\n" TAKE("r8", "r9", "r12")
                                         TAKE("r10", "r11", "lr") "pop {r4, r5, r6, r7}\n"
                                                                  "mov r8, r4\n"
                                                                  "mov r9, r5\n"
                                                                  "mov r10, r6\n"
                                                                  "mov r11, r7\n"
                                                                  "pop {r3, r4, r5, r6, r7, pc}\n");
}

#else

/** A word with the bytes of each half swapped. */
static inline uint32_t turn(uint32_t word)
{
    return ((word >> 8) & 0x00FF00FFu) | ((word & 0x00FF00FFu) << 8);
}

/** The lowest byte of a word as a signed number. */
static inline int32_t low_byte(uint32_t word)
{
    return (int8_t)(uint8_t)word;
}

/** A word without its lowest byte as a signed number, whose weight is 2^8. */
static inline uint32_t without_byte(uint32_t word)
{
    return (uint32_t)((int32_t)(word - (uint32_t)low_byte(word)) >> 8);
}

/** The sums of four rows from the three sums of their word. */
static void take(uint32_t whole, uint32_t turned, uint32_t upper, int32_t *sums)
{
    const uint32_t difference = turned - (whole << 8);
    const uint32_t odd = difference + (difference << 16);
    const uint32_t even = whole - (odd << 8);
    const int32_t high[2] = {safe_v6m_high(even), safe_v6m_high(odd)};
    uint32_t missing = (uint32_t)(high[0] + 256 * high[1]) - upper;
    sums[0] = safe_v6m_low(even) + low_byte(missing) * 65536;
    sums[2] = high[0] - low_byte(missing);
    missing = without_byte(missing);
    sums[1] = safe_v6m_low(odd) + low_byte(missing) * 65536;
    sums[3] = high[1] - low_byte(missing);
    missing = without_byte(missing);
    sums[2] -= low_byte(missing) * 65536;
    sums[3] -= (int32_t)without_byte(missing) * 65536;
}

SAFE_NOINLINE const uint32_t *safe_v6m_dot8(const uint32_t *weights, const int32_t *values,
                                            const uint32_t *start, int32_t *sums)
{
    uint32_t whole[2];
    uint32_t turned[2];
    uint32_t upper[2];
    for (int32_t i = 0; i < 2; i++) {
        whole[i] = start[2 * i] + (uint32_t)values[1];
        turned[i] = start[2 * i + 1] + (uint32_t)values[1];
        upper[i] = start[4 + i] + (uint32_t)values[2];
    }
    const int32_t *end =
        &values[SAFE_DOT8_V6M_HEADER + (uint32_t)values[0] / (uint32_t)sizeof(int32_t)];
    for (values += SAFE_DOT8_V6M_HEADER; values != end; values++) {
        const uint32_t value = (uint32_t)*values;
        for (int32_t i = 0; i < 2; i++) {
            const uint32_t word = *weights++;
            whole[i] += word * value;
            turned[i] += turn(word) * value;
            upper[i] += (word >> 16) * value;
        }
    }
    take(whole[0], turned[0], upper[0], sums);
    take(whole[1], turned[1], upper[1], &sums[4]);
    return weights;
}

#endif
