/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_rerolled_dsp.c A matrix product in tiles of eight rows: assembly, and its twin in C.
 */
#include "safe/kernel/goal.h"

#include "safe/kernel/dense_rerolled_dsp.h"

#include <stddef.h>

#include "safe/compiler.h"

#if SAFE_DSP && !defined(SAFE_NO_ASM)

/** What the loop over the tiles reads; its assembly knows the places. */
typedef struct tiles {
    const int32_t *start;
    int32_t start_bytes;
    const uint32_t *values;
    uint32_t skip;           /**< Bytes of code of the first turn that are not taken. */
    const uint32_t *end;     /**< End of the values. */
    const uint32_t *weights; /**< Weights of the next tile. */
    int32_t up;              /**< Left shift of 256 times the sum of the first row of a pair. */
    int32_t second_up;       /**< Left shift of the second's: 8 more. */
    const uint32_t *rows;    /**< Scales. */
    int32_t factor;
    int32_t from;   /**< safe_rerolled_coarse_t's start. */
    uint32_t doubt; /**< The high half of its doubt, in both halves. */
    int8_t *output;
    int32_t left;
    const int32_t *words; /**< Words of the product's scale. */
} tiles_t;

void safe_dsp_rerolled_tiles(const uint32_t *weights, const tiles_t *tiles);
void safe_dsp_rerolled_settle(const int32_t *sums, int32_t *scaled, const uint32_t *end,
                              const tiles_t *tiles);

/** The results of the rows that are in doubt, as TFLM rounds them. @param sums 256 * p
 * and q of each pair. @param scaled Eight results with 14 fraction bits. @param end End of the
 * rows' scales. */
SAFE_FROM_ASSEMBLY SAFE_NOINLINE void safe_dsp_rerolled_settle(const int32_t *sums, int32_t *scaled,
                                                               const uint32_t *end,
                                                               const tiles_t *tiles)
{
    const uint32_t *const row = end - SAFE_DOT8_ROWS;
    const uint32_t doubt = tiles->doubt & 0xFFFF0000u;
    const safe_rerolled_scale_t scale = safe_rerolled_scale(tiles->words);
    for (const int32_t *at = scaled; at != &scaled[SAFE_DOT8_ROWS]; at++) {
        if (SAFE_UNLIKELY((uint32_t)*at << 18 < doubt)) {
            const int32_t r = (int32_t)(at - scaled);
            const int32_t twice = r % 2 == 0 ? sums[r] >> 7 : 2 * sums[r];
            scaled[r] = safe_rerolled_exact(twice, row[r], &scale) * (1 << 14);
        }
    }
}

/* The loop over a tile's products, BLOCK, is that of dot8_dsp.c, and is entered in its middle like
 * that one. Behind it h - l is 256 times the sum of p, and l the sum of q, for four pairs; both are
 * shifted to 256 * 2^up times the sum, and stay in their registers until they are rescaled, like
 * safe_rerolled_rescale, by the factors of their rows.
 *
 * A result has 14 fraction bits. DOUBT puts those of two rows into the halves of a word, shifted
 * left by 2 (what the low half loses to the high one is less than its last bit, which decides
 * nothing): the saturated difference from `doubt` is 0 unless one of them is in doubt.
 *
 * r0 weights, r1 values, r2-r3 words, r4-r11 sums, r12 and lr values. Stack: 0 eight sums, 32 the
 * fourteen words of tiles_t, with the entry of the loop in place of `skip`, 88 the tiles_t itself,
 * 96 eight results for safe_dsp_rerolled_settle. */
#define PAIR(word, x, h, l)                                                                        \
    "smlad " h ", " word ", " x ", " h "\n"                                                        \
    "sxtb16 " word ", " word "\n"                                                                  \
    "smlad " l ", " word ", " x ", " l "\n"
#define HALF(x)                                                                                    \
    "ldrd r2, r3, [r0], #8\n" PAIR("r2", x, "r4", "r5")                                            \
        PAIR("r3", x, "r6", "r7") "ldrd r2, r3, [r0], #8\n" PAIR("r2", x, "r8", "r9")              \
            PAIR("r3", x, "r10", "r11")
#define BLOCK "ldrd r12, lr, [r1], #8\n" HALF("r12") HALF("lr")
#define TEXT_OF(number) #number
#define TEXT(macro) TEXT_OF(macro)
#define UP_PAIR(h, l)                                                                              \
    "lsl " h ", " h ", r2\n"                                                                       \
    "lsl " l ", " l ", r3\n"
#define UP UP_PAIR("r4", "r5") UP_PAIR("r6", "r7") UP_PAIR("r8", "r9") UP_PAIR("r10", "r11")
#define RESCALE_PAIR(h, l)                                                                         \
    "ldrd r3, r12, [r0], #8\n"                                                                     \
    "smmul r3, r3, r1\n"                                                                           \
    "smmul r12, r12, r1\n"                                                                         \
    "smmla " h ", " h ", r3, r2\n"                                                                 \
    "smmla " l ", " l ", r12, r2\n"
#define RESCALE                                                                                    \
    RESCALE_PAIR("r4", "r5")                                                                       \
    RESCALE_PAIR("r6", "r7") RESCALE_PAIR("r8", "r9") RESCALE_PAIR("r10", "r11")
#define DOUBT_PAIR(to, h, l)                                                                       \
    "pkhbt " to ", " h ", " l ", lsl #16\n"                                                        \
    "lsl " to ", " to ", #2\n"                                                                     \
    "uqsub16 " to ", r1, " to "\n"
#define DOUBT_MORE(h, l) DOUBT_PAIR("r3", h, l) "orrs r2, r2, r3\n"
#define DOUBT                                                                                      \
    DOUBT_PAIR("r2", "r4", "r5")                                                                   \
    DOUBT_MORE("r6", "r7") DOUBT_MORE("r8", "r9") DOUBT_MORE("r10", "r11")
#define LIMIT(value) "ssat " value ", #8, " value ", asr #14\n"
#define PACK_FOUR(a, b, c, d)                                                                      \
    LIMIT(a)                                                                                       \
    LIMIT(b)                                                                                       \
    LIMIT(c)                                                                                       \
    LIMIT(d)                                                                                       \
    "bfi " a ", " b ", #8, #8\n"                                                                   \
    "bfi " a ", " c ", #16, #8\n"                                                                  \
    "bfi " a ", " d ", #24, #8\n"
#define PACK PACK_FOUR("r4", "r5", "r6", "r7") PACK_FOUR("r8", "r9", "r10", "r11")

__attribute__((naked)) SAFE_NOINLINE void safe_dsp_rerolled_tiles(const uint32_t *weights
                                                                  __attribute__((unused)),
                                                                  const tiles_t *tiles
                                                                  __attribute__((unused)))
{
    __asm__ volatile(".syntax unified\n"
                     "push {r4-r11, lr}\n"
                     "sub sp, sp, #132\n"
                     "str r1, [sp, #88]\n"
                     "add r12, sp, #32\n"
                     "ldm r1!, {r2-r8}\n"
                     "stm r12!, {r2-r8}\n"
                     "ldm r1!, {r2-r8}\n"
                     "stm r12!, {r2-r8}\n"
                     "ldr r2, [sp, #44]\n"
                     "adr.w r3, 1f\n"
                     "add r2, r2, r3\n"
                     "add r2, r2, #1\n" /* Thumb */
                     "str r2, [sp, #44]\n"
                     "2:\n"
                     "ldrd r2, r3, [sp, #32]\n"
                     "ldm r2, {r4-r11}\n"
                     "add r2, r2, r3\n"
                     "str r2, [sp, #32]\n"
                     "ldr r1, [sp, #40]\n"
                     "ldr.w pc, [sp, #44]\n"
                     ".p2align 2\n"
                     "1:\n"
                     ".rept " TEXT(SAFE_UNROLL) "\n" BLOCK ".endr\n"
                                                "ldr r2, [sp, #48]\n"
                                                "cmp r1, r2\n"
                                                "bne.w 1b\n"
                                                "sub r4, r4, r5\n"
                                                "sub r6, r6, r7\n"
                                                "sub r8, r8, r9\n"
                                                "sub r10, r10, r11\n"
                                                "stm sp, {r4-r11}\n"
                                                "str r0, [sp, #52]\n"
                                                "ldrd r2, r3, [sp, #56]\n" UP
                                                "ldrd r0, r1, [sp, #64]\n"
                                                "ldr r2, [sp, #72]\n" RESCALE "str r0, [sp, #64]\n"
                                                "ldr r1, [sp, #76]\n" DOUBT "bne.n 4f\n"
                                                "3:\n" PACK "ldrd r2, r3, [sp, #80]\n"
                                                "strd r4, r8, [r2], #8\n"
                                                "subs r3, r3, #1\n"
                                                "strd r2, r3, [sp, #80]\n"
                                                "ldr r0, [sp, #52]\n"
                                                "bne.w 2b\n"
                                                "add sp, sp, #132\n"
                                                "pop {r4-r11, pc}\n"
                                                "4:\n"
                                                "mov r0, sp\n"
                                                "add r1, sp, #96\n"
                                                "stm r1, {r4-r11}\n"
                                                "ldr r2, [sp, #64]\n"
                                                "ldr r3, [sp, #88]\n"
                                                "bl safe_dsp_rerolled_settle\n"
                                                "add r1, sp, #96\n"
                                                "ldm r1, {r4-r11}\n"
                                                "b 3b\n");
}

SAFE_NOINLINE void safe_dsp_dense_rerolled(const safe_dense_rerolled_t *dense, const int32_t *words,
                                           int32_t tiles, int8_t *output)
{
    const safe_rerolled_coarse_t coarse = safe_rerolled_coarse(words);
    const uint32_t doubt = coarse.doubt >> 16;
    const tiles_t all = {.start = dense->start,
                         .start_bytes = dense->start_step * (int32_t)sizeof(int32_t),
                         .values = dense->expanded,
                         .skip = dense->length >> 16,
                         .end = &dense->expanded[SAFE_DOT8_TILE_BYTES(dense->length) / 16u],
                         .weights = dense->weights,
                         .up = coarse.up - 7,
                         .second_up = coarse.up + 1,
                         .rows = dense->scales,
                         .factor = coarse.factor,
                         .from = coarse.start,
                         .doubt = doubt | doubt << 16,
                         .output = output,
                         .left = tiles,
                         .words = words};
    safe_dsp_rerolled_tiles(dense->weights, &all);
}

#else

SAFE_NOINLINE void safe_dsp_dense_rerolled(const safe_dense_rerolled_t *dense, const int32_t *words,
                                           int32_t tiles, int8_t *output)
{
    const safe_rerolled_scale_t exact = safe_rerolled_scale(words);
    const safe_rerolled_coarse_t coarse = safe_rerolled_coarse(words);
    const uint32_t *weights = dense->weights;
    const uint32_t *rows = dense->scales;
    const int32_t *start = dense->start;
    for (; tiles > 0; tiles--) {
        int32_t twice[SAFE_DOT8_ROWS];
        weights = safe_dsp_dot8(weights, dense->expanded, dense->length, start, twice);
        for (int32_t r = 0; r < SAFE_DOT8_ROWS; r++) {
            *output++ = (int8_t)safe_rerolled_rescale(twice[r], *rows++, coarse, &exact);
        }
        start += dense->start_step;
    }
}

#endif
