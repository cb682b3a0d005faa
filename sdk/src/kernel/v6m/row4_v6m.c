/* SPDX-License-Identifier: Apache-2.0 */
/** @file row4_v6m.c One row of weights at four positions: assembly, and its twin in C. */
#include "safe/kernel/goal.h"

#include "safe/kernel/row4_v6m.h"

#include "safe/compiler.h"
#include "safe/kernel/v6m.h"

#if SAFE_V6M_ASM

/* r0 stream, r1 columns, r2 weight, r3 and r4 values, r5 and r6 sums of the chunk, r7 zero; sums of
 * the positions r8-r11. A chunk enters the unrolled steps as far from their end as it has weights:
 * the addition to pc skips the halfword behind it and as many as the chunk says, so that nothing
 * may be inserted between there and label 4, which the row's end reaches over 125 halfwords.
 * Instructions for four products: 7; for a chunk: 17. */
#define STEP                                                                                       \
    "ldmia r1!, {r3, r4}\n"                                                                        \
    "ldrsb r2, [r0, r7]\n"                                                                         \
    "adds r0, r0, #1\n"                                                                            \
    "muls r3, r2, r3\n"                                                                            \
    "adds r5, r5, r3\n"                                                                            \
    "muls r4, r2, r4\n"                                                                            \
    "adds r6, r6, r4\n"
#define FOUR STEP STEP STEP STEP
#define TAKE(sum, low, high)                                                                       \
    "sxth r2, " sum "\n"                                                                           \
    "add " low ", r2\n"                                                                            \
    "subs " sum ", " sum ", r2\n"                                                                  \
    "asrs " sum ", " sum ", #16\n"                                                                 \
    "add " high ", " sum "\n"                                                                      \
    "movs " sum ", #0\n"

__attribute__((naked)) SAFE_NOINLINE const int8_t *
safe_v6m_row4(const int8_t *stream __attribute__((unused)),
              const uint32_t *columns __attribute__((unused)),
              int32_t start __attribute__((unused)), int32_t *sums __attribute__((unused)))
{
    __asm__ volatile(".syntax unified\n"
                     "push {r3, r4, r5, r6, r7, lr}\n"
                     "mov r4, r8\n"
                     "mov r5, r9\n"
                     "mov r6, r10\n"
                     "mov r7, r11\n"
                     "push {r4, r5, r6, r7}\n"
                     "mov r8, r2\n"
                     "mov r9, r2\n"
                     "mov r10, r2\n"
                     "mov r11, r2\n"
                     "movs r5, #0\n"
                     "movs r6, #0\n"
                     "movs r7, #0\n"
                     "1:\n"
                     "ldrsb r2, [r0, r7]\n"
                     "adds r0, r0, #1\n"
                     "lsls r2, r2, #1\n"
                     "add pc, r2\n"
                     "nop\n" FOUR FOUR FOUR FOUR TAKE("r5", "r8", "r9")
                         TAKE("r6", "r10", "r11") "b 1b\n"
                                                  "4:\n"
                                                  "mov r4, r8\n"
                                                  "mov r5, r9\n"
                                                  "mov r6, r10\n"
                                                  "mov r7, r11\n"
                                                  "ldr r3, [sp, #16]\n"
                                                  "stmia r3!, {r4, r5, r6, r7}\n"
                                                  "pop {r4, r5, r6, r7}\n"
                                                  "mov r8, r4\n"
                                                  "mov r9, r5\n"
                                                  "mov r10, r6\n"
                                                  "mov r11, r7\n"
                                                  "pop {r3, r4, r5, r6, r7, pc}\n");
}

#else

SAFE_NOINLINE const int8_t *safe_v6m_row4(const int8_t *stream, const uint32_t *columns,
                                          int32_t start, int32_t *sums)
{
    for (int32_t p = 0; p < SAFE_ROW4_V6M_POSITIONS; p++) {
        sums[p] = start;
    }
    for (int32_t skip = *stream++; skip != SAFE_ROW4_V6M_END; skip = *stream++) {
        uint32_t first = 0;
        uint32_t second = 0;
        for (int32_t k = skip / SAFE_ROW4_V6M_STEP; k < SAFE_ROW4_V6M_MOST; k++) {
            const uint32_t weight = (uint32_t)(int32_t)*stream++;
            first += weight * *columns++;
            second += weight * *columns++;
        }
        sums[0] += safe_v6m_low(first);
        sums[1] += safe_v6m_high(first);
        sums[2] += safe_v6m_low(second);
        sums[3] += safe_v6m_high(second);
    }
    return stream;
}

#endif
