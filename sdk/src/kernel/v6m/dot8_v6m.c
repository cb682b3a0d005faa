/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot8_v6m.c Eight dot products, two of them in one multiplication: assembly, and its twin
 * in C. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dot8_v6m.h"

#include "safe/compiler.h"
#include "safe/kernel/v6m.h"

SAFE_NOINLINE void safe_v6m_widen(const int8_t *values, int32_t length, int32_t *words)
{
    for (int32_t k = 0; k < length; k++) {
        words[k] = values[k];
    }
    if ((length & 1) != 0) {
        words[length] = 0;
    }
}

#if SAFE_V6M_ASM

/* r0 weights, r1 values, r2 value, r3 mask, r4 and r5 words of weights, r6 free, r7 counts. Sums of
 * whole words r8 and r10, of bytes 1 and 3 r9 and r11, of values r12; lr: end of the chunk's
 * values. Stack: 0 tiles, 4 sums. Instructions for 16 products: 31 with the loop's own; for a
 * chunk: 69. */
#define WORD(word, whole, odd)                                                                     \
    "lsrs r6, " word ", #8\n"                                                                      \
    "ands r6, r3\n"                                                                                \
    "muls " word ", r2, " word "\n"                                                                \
    "add " whole ", " word "\n"                                                                    \
    "muls r6, r2, r6\n"                                                                            \
    "add " odd ", r6\n"
#define STEP                                                                                       \
    "ldmia r1!, {r2}\n"                                                                            \
    "ldmia r0!, {r4, r5}\n"                                                                        \
    "add r12, r2\n" WORD("r4", "r8", "r9") WORD("r5", "r10", "r11")
/* Adds the lower half of `word` to the sum at `low`, the rest to that at `high`. */
#define TAKE(word, other, low, high)                                                               \
    "sxth r5, " word "\n"                                                                          \
    "subs " word ", " word ", r5\n"                                                                \
    "asrs " word ", " word ", #16\n"                                                               \
    "ldr " other ", [r6, #" low "]\n"                                                              \
    "adds " other ", " other ", r5\n"                                                              \
    "str " other ", [r6, #" low "]\n"                                                              \
    "ldr " other ", [r6, #" high "]\n"                                                             \
    "adds " other ", " other ", " word "\n"                                                        \
    "str " other ", [r6, #" high "]\n"
#define ROWS(whole, odd, r0, r1, r2, r3)                                                           \
    "mov r4, " odd "\n"                                                                            \
    "subs r4, r4, r2\n" TAKE("r4", "r3", r1, r3) "mov r4, " odd "\n"                               \
                                                 "lsls r4, r4, #8\n"                               \
                                                 "mov r3, " whole "\n"                             \
                                                 "subs r3, r3, r4\n"                               \
                                                 "subs r3, r3, r2\n" TAKE("r3", "r4", r0, r2)

__attribute__((naked)) SAFE_NOINLINE void
safe_v6m_dot8(safe_dot8_v6m_t *tiles __attribute__((unused)),
              const int32_t *values __attribute__((unused)), int32_t *sums __attribute__((unused)))
{
    __asm__ volatile(".syntax unified\n"
                     "push {r4, r5, r6, r7, lr}\n"
                     "mov r4, r8\n"
                     "mov r5, r9\n"
                     "mov r6, r10\n"
                     "mov r7, r11\n"
                     "push {r0, r2, r4, r5, r6, r7}\n"
                     "ldmia r0!, {r3, r7}\n"
                     "mov r0, r3\n"
                     "b 3f\n"
                     "1:\n"
                     "adds r6, r6, r1\n"
                     "mov lr, r6\n"
                     "movs r6, #0\n"
                     "mov r8, r6\n"
                     "mov r9, r6\n"
                     "mov r10, r6\n"
                     "mov r11, r6\n"
                     "mov r12, r6\n"
                     "2:\n" STEP STEP "cmp r1, lr\n"
                     "bne 2b\n"
                     "mov r2, r12\n" /* 128 times the values, in both halves */
                     "lsls r6, r2, #7\n"
                     "lsls r2, r2, #23\n"
                     "adds r2, r2, r6\n"
                     "ldr r6, [sp, #4]\n" ROWS("r8", "r9", "0", "4", "8", "12")
                         ROWS("r10", "r11", "16", "20", "24", "28") "3:\n"
                                                                    "ldr r3, =0x00FF00FF\n"
                                                                    "ldrb r6, [r7]\n"
                                                                    "adds r7, r7, #1\n"
                                                                    "lsls r6, r6, #2\n"
                                                                    "bne 1b\n"
                                                                    "pop {r1, r2}\n"
                                                                    "stmia r1!, {r0, r7}\n"
                                                                    "pop {r4, r5, r6, r7}\n"
                                                                    "mov r8, r4\n"
                                                                    "mov r9, r5\n"
                                                                    "mov r10, r6\n"
                                                                    "mov r11, r7\n"
                                                                    "pop {r4, r5, r6, r7, pc}\n"
                                                                    ".ltorg\n");
}

#else

/** Bytes 1 and 3 of a word as two numbers. */
static inline uint32_t odd_bytes(uint32_t word)
{
    return (word >> 8) & 0x00FF00FFu;
}

/** Adds the sums of four rows of a chunk. @param whole, odd Sums of values times words, and times
 * their odd bytes. @param values Sum of the chunk's values. */
static void take(uint32_t whole, uint32_t odd, uint32_t values, int32_t *sums)
{
    const uint32_t offset = values * 0x00800080u; /* the 128 in every weight */
    const uint32_t even = whole - (odd << 8) - offset;
    odd -= offset;
    sums[0] += safe_v6m_low(even);
    sums[1] += safe_v6m_low(odd);
    sums[2] += safe_v6m_high(even);
    sums[3] += safe_v6m_high(odd);
}

SAFE_NOINLINE void safe_v6m_dot8(safe_dot8_v6m_t *tiles, const int32_t *values, int32_t *sums)
{
    const uint32_t *weights = tiles->weights;
    const uint8_t *counts = tiles->counts;
    for (uint32_t count = *counts++; count != 0u; count = *counts++) {
        uint32_t whole[2] = {0, 0};
        uint32_t odd[2] = {0, 0};
        uint32_t total = 0;
        for (; count > 0u; count--) {
            const uint32_t value = (uint32_t)*values++;
            total += value;
            for (int32_t i = 0; i < 2; i++) {
                const uint32_t word = *weights++;
                whole[i] += word * value;
                odd[i] += odd_bytes(word) * value;
            }
        }
        take(whole[0], odd[0], total, sums);
        take(whole[1], odd[1], total, &sums[4]);
    }
    tiles->weights = weights;
    tiles->counts = counts;
}

#endif
