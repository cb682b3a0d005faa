/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot8_dsp.c The 8 x 1 tile of paired rows: assembly, and its twin in C. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dot8_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"

#if SAFE_DSP && !defined(SAFE_NO_ASM)

/* A block is four values, two int16 to a word, and eight rows, two to a halfword: a word of weights
 * holds 256 * p + q for two values. PAIR adds the products of a pair of rows with one word of
 * values: the first SMLAD takes both rows at once into h, SXTB16 keeps q, the second SMLAD takes it
 * alone into l. HALF does that for four pairs and one word of values; BLOCK for both words.
 *
 * TWICE ends a pair: h - l is 256 times the sum of p, exact because |sum of p| < 2^23; shifted
 * right by 7 it is twice that sum, and l shifted left by 1 is twice the sum of q, as |sum of q| <
 * 2^30. Twice, because safe_dsp_rescale takes doubled sums.
 *
 * The loop takes SAFE_UNROLL blocks and is entered in its middle when their number is no multiple:
 * the high half of `length` is how many bytes of code to skip. So there is no loop for the rest.
 *
 * safe_dsp_lstm_recurrent jumps to label 1, or so many blocks behind it, with its sums in r4-r11
 * and a frame that has null in the place of `twice`: then the doubled sums stay in the registers.
 *
 * The function is aligned to the 16 bytes of a line of flash: with a convolution's loop around it,
 * it just fits an instruction cache of 64 such lines.
 *
 * Instructions per block of 4 values and 8 rows: 29, for 32 products. From C, GCC 12 takes 17%
 * more, as it spills one of the sums. r0 weights, r1 values, r2-r3 words, r4-r11 sums, r12 and lr
 * values. Stack: 0 saved r4-r11, 32 end of the weights, 36 return address, 40 `twice`. */
#define PAIR(word, x, h, l)                                                                        \
    "smlad " h ", " word ", " x ", " h "\n"                                                        \
    "sxtb16 " word ", " word "\n"                                                                  \
    "smlad " l ", " word ", " x ", " l "\n"
#define HALF(x)                                                                                    \
    "ldrd r2, r3, [r0], #8\n" PAIR("r2", x, "r4", "r5")                                            \
        PAIR("r3", x, "r6", "r7") "ldrd r2, r3, [r0], #8\n" PAIR("r2", x, "r8", "r9")              \
            PAIR("r3", x, "r10", "r11")
#define BLOCK "ldrd r12, lr, [r1], #8\n" HALF("r12") HALF("lr")
#define TWICE(h, l)                                                                                \
    "sub " h ", " h ", " l "\n"                                                                    \
    "asr " h ", " h ", #7\n"                                                                       \
    "lsl " l ", " l ", #1\n"

__attribute__((naked, aligned(16))) SAFE_FROM_ASSEMBLY SAFE_NOINLINE const uint32_t *
safe_dsp_dot8(const uint32_t *weights __attribute__((unused)),
              const uint32_t *values __attribute__((unused)),
              uint32_t length __attribute__((unused)), const int32_t *start __attribute__((unused)),
              int32_t twice[SAFE_DOT8_ROWS] __attribute__((unused)))
{
    __asm__ volatile(
        ".syntax unified\n"
        "uxtah r12, r0, r2\n"
        "push.w {r4-r12, lr}\n"
        "ldm.w r3, {r4-r11}\n"
        "lsrs.n r2, r2, #16\n"
        "nop.n\n"
        "add.n pc, r2\n" /* pc is the address of label 1 */
        "nop.n\n"
        "1:\n" /* SAFE_DOT8_LOOP_OFFSET behind the start: three of 4 bytes, four of 2 */
        SAFE_REPEAT(BLOCK) "ldr r2, [sp, #32]\n"
                           "cmp r0, r2\n"
                           "bne.w 1b\n" TWICE("r4", "r5") TWICE("r6", "r7") TWICE("r8", "r9")
                               TWICE("r10", "r11") "ldr r2, [sp, #40]\n"
                                                   "cbz r2, 2f\n"
                                                   "stm r2, {r4-r11}\n"
                                                   "pop {r4-r12, pc}\n"
                                                   "2:\n"
                                                   "ldr.w pc, [sp, #36]\n");
}

#else

/** A pair of rows: both sums in h, q's in l. */
typedef struct pair_sums {
    int32_t h;
    int32_t l;
} pair_sums_t;

static inline void add_pair(pair_sums_t *sums, uint32_t word, uint32_t x)
{
    /* SXTB16 sign-extends the low byte of each half, which is q: p's share, a multiple of 256,
     * goes. */
    sums->h = safe_dsp_smlad(word, x, sums->h);
    sums->l = safe_dsp_smlad(safe_dsp_sxtb16(word), x, sums->l);
}

SAFE_NOINLINE const uint32_t *safe_dsp_dot8(const uint32_t *weights, const uint32_t *values,
                                            uint32_t length, const int32_t *start,
                                            int32_t twice[SAFE_DOT8_ROWS])
{
    const uint32_t *end = &weights[SAFE_DOT8_TILE_BYTES(length) / sizeof *weights];
    pair_sums_t sums[SAFE_DOT8_ROWS / 2];
    for (int32_t p = 0; p < SAFE_DOT8_ROWS / 2; p++) {
        sums[p].h = start[2 * p];
        sums[p].l = start[2 * p + 1];
    }
    while (weights != end) {
        for (int32_t half = 0; half < 2; half++) {
            const uint32_t x = *values++;
            for (int32_t p = 0; p < SAFE_DOT8_ROWS / 2; p++) {
                add_pair(&sums[p], *weights++, x);
            }
        }
    }
    for (int32_t p = 0; p < SAFE_DOT8_ROWS / 2; p++) {
        /* Unsigned: the difference is 256 times p's sum, modulo 2^32. */
        twice[2 * p] = (int32_t)((uint32_t)sums[p].h - (uint32_t)sums[p].l) >> 7;
        twice[2 * p + 1] = (int32_t)((uint32_t)sums[p].l << 1);
    }
    return weights;
}

#endif
