/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm4x2_dsp.c The 4 x 2 tile of paired rows: assembly, and its twin in C. */
#include "safe/kernel/goal.h"

#include "safe/kernel/gemm4x2_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"

#if SAFE_DSP && !defined(SAFE_NO_ASM)

/* STEP takes one word of each column, which is two values, and the two pairs of rows: eight
 * SMLAD, as in dot8_dsp.c with both rows in one sum and the second alone in another. Two
 * columns share each load of weights and each SXTB16, which is why this tile is the faster one
 * where many positions see the same weights.
 *
 * RESCALE is safe_dsp_rescale_s8 of a doubled sum: SMMLAR gives round(sum * multiplier / 2^32) +
 * addend; adding the sign makes negative halves go away from 0; the last bit of the right shift is
 * SSAT's. ROW loads a row's multiplier and shift, and makes the addend of them; PAIR takes a pair
 * of rows apart as TWICE of dot8_dsp.c does, for both columns, and rescales the four results.
 *
 * The loop takes SAFE_UNROLL blocks and is entered past -blocks modulo that, at the address that
 * the stack holds: every group of rows has the same number.
 *
 * Instructions per block of 4 values, 4 rows and 2 columns: 24, for 32 products. From C, GCC 12
 * takes 24% more. r0 weights, r1 values, r2-r3 weights, r12 and lr values, sums: r4 and r5 the
 * first pair of rows with columns a and b, r6 and r7 its second row alone, r8-r11 alike. Stack:
 * 0 output a, 4 output b, 8 end of output a, 12 values, 16 their end, 20 entry of the loop, 24
 * twice the zero point plus 1, from which the addends are made. */
#define STEP                                                                                       \
    "ldrd r2, r3, [r0], #8\n"                                                                      \
    "ldrd r12, lr, [r1], #8\n"                                                                     \
    "smlad r4, r2, r12, r4\n"                                                                      \
    "smlad r5, r2, lr, r5\n"                                                                       \
    "sxtb16 r2, r2\n"                                                                              \
    "smlad r6, r2, r12, r6\n"                                                                      \
    "smlad r7, r2, lr, r7\n"                                                                       \
    "smlad r8, r3, r12, r8\n"                                                                      \
    "smlad r9, r3, lr, r9\n"                                                                       \
    "sxtb16 r3, r3\n"                                                                              \
    "smlad r10, r3, r12, r10\n"                                                                    \
    "smlad r11, r3, lr, r11\n"
#define BLOCK STEP STEP
#define TEXT_OF(number) #number
#define TEXT(macro) TEXT_OF(macro)
#define RESCALE(sum)                                                                               \
    "smmlar lr, " sum ", r2, r3\n"                                                                 \
    "add lr, lr, " sum ", asr #31\n"                                                               \
    "asr " sum ", lr, r12\n"                                                                       \
    "ssat " sum ", #8, " sum ", asr #1\n"
#define ROW(a, b) "ldm r0!, {r2, r12}\n lsl r3, r1, r12\n" RESCALE(a) RESCALE(b)
#define PAIR(ha, hb, la, lb)                                                                       \
    "sub " ha ", " ha ", " la "\n"                                                                 \
    "sub " hb ", " hb ", " lb "\n"                                                                 \
    "asr " ha ", " ha ", #7\n"                                                                     \
    "asr " hb ", " hb ", #7\n"                                                                     \
    "lsl " la ", " la ", #1\n"                                                                     \
    "lsl " lb ", " lb ", #1\n" ROW(ha, hb) ROW(la, lb)

__attribute__((naked)) SAFE_NOINLINE void
safe_dsp_gemm4x2(const uint32_t *weights __attribute__((unused)),
                 const uint32_t *values __attribute__((unused)),
                 const safe_gemm4x2_t *extent __attribute__((unused)))
{
    __asm__ volatile(
        ".syntax unified\n"
        "push {r4-r11, lr}\n"
        "ldm r2, {r3, r4, r5, r6}\n" /* groups, blocks, outputs */
        "add r7, r5, r3, lsl #2\n"
        "mov r8, r1\n"
        "add r9, r1, r4, lsl #4\n"
        "rsb r4, r4, #0\n" /* enter past so many blocks of 96 bytes */
        "and r4, r4, #" TEXT(
            SAFE_UNROLL) " - 1\n"
                         "mov r3, #96\n"
                         "adr.w r10, 1f\n"
                         "mla r10, r4, r3, r10\n"
                         "add r10, r10, #1\n" /* Thumb */
                         "ldr r11, [r2, #16]\n"
                         "push {r5-r11}\n"
                         "2:\n"
                         "ldm r0, {r4, r6, r8, r10}\n"
                         "ldm r0!, {r5, r7, r9, r11}\n"
                         "ldr r1, [sp, #12]\n"
                         "ldr.w pc, [sp, #20]\n"
                         ".p2align 2\n"
                         "1:\n" SAFE_REPEAT(
                             BLOCK) "ldr r2, [sp, #16]\n"
                                    "cmp r1, r2\n"
                                    "bne.w 1b\n"
                                    "ldr r1, [sp, #24]\n" PAIR("r4", "r5", "r6", "r7")
                                        PAIR("r8", "r9", "r10", "r11") "ldm sp, {r1, r2, r3}\n"
                                                                       "strb r6, [r1, #1]\n"
                                                                       "strb r8, [r1, #2]\n"
                                                                       "strb r10, [r1, #3]\n"
                                                                       "strb r4, [r1], #4\n"
                                                                       "strb r7, [r2, #1]\n"
                                                                       "strb r9, [r2, #2]\n"
                                                                       "strb r11, [r2, #3]\n"
                                                                       "strb r5, [r2], #4\n"
                                                                       "strd r1, r2, [sp]\n"
                                                                       "cmp r1, r3\n"
                                                                       "bne.w 2b\n"
                                                                       "add sp, sp, #28\n"
                                                                       "pop {r4-r11, pc}\n");
}

#else

/** The sums of a pair of rows for both columns: both rows in h, the second alone in l. */
typedef struct pair_sums {
    int32_t h[2];
    int32_t l[2];
} pair_sums_t;

static inline void add_pair(pair_sums_t *sums, uint32_t word, const uint32_t *x)
{
    const uint32_t second = safe_dsp_sxtb16(word);
    for (int32_t c = 0; c < 2; c++) {
        sums->h[c] = safe_dsp_smlad(word, x[c], sums->h[c]);
        sums->l[c] = safe_dsp_smlad(second, x[c], sums->l[c]);
    }
}

/** Words of a row's scale. */
#define SCALE_WORDS 2

/** Rescales twice a sum by a row's scale. @param zero_point As in safe_gemm4x2_t. */
static inline int8_t rescaled(int32_t twice, const uint32_t *scale, int32_t zero_point)
{
    const int32_t addend = (int32_t)((uint32_t)zero_point << scale[1]);
    return safe_dsp_rescale_s8(twice, (int32_t)scale[0], addend, (int32_t)scale[1] + 1);
}

SAFE_NOINLINE void safe_dsp_gemm4x2(const uint32_t *weights, const uint32_t *values,
                                    const safe_gemm4x2_t *extent)
{
    for (uint32_t group = 0; group < extent->groups; group++) {
        const uint32_t *x = values;
        pair_sums_t sums[SAFE_GEMM4X2_ROWS / 2];
        for (int32_t p = 0; p < SAFE_GEMM4X2_ROWS / 2; p++) {
            sums[p].h[0] = sums[p].h[1] = (int32_t)*weights++;
            sums[p].l[0] = sums[p].l[1] = (int32_t)*weights++;
        }
        for (uint32_t half = 0; half < 2u * extent->blocks; half++, x += 2) {
            add_pair(&sums[0], *weights++, x);
            add_pair(&sums[1], *weights++, x);
        }
        for (int32_t p = 0; p < SAFE_GEMM4X2_ROWS / 2; p++, weights += 2 * SCALE_WORDS) {
            for (int32_t c = 0; c < 2; c++) {
                int8_t *output = &extent->outputs[c][SAFE_GEMM4X2_ROWS * group + 2u * (uint32_t)p];
                /* Unsigned: the difference is 256 times the first row's sum, modulo 2^32. */
                const uint32_t first = (uint32_t)sums[p].h[c] - (uint32_t)sums[p].l[c];
                const uint32_t second = (uint32_t)sums[p].l[c] << 1;
                output[0] = rescaled((int32_t)first >> 7, weights, extent->zero_point);
                output[1] = rescaled((int32_t)second, &weights[SCALE_WORDS], extent->zero_point);
            }
        }
    }
}

#endif
