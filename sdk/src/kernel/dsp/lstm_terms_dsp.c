/* SPDX-License-Identifier: Apache-2.0 */
/** @file lstm_terms_dsp.c The products of an LSTM's step: assembly, and its twin in C. */
#include "safe/kernel/goal.h"

#include "safe/kernel/lstm_terms_dsp.h"

#include <stddef.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/dot8_dsp.h"
#include "safe/kernel/dsp_limit.h"

#if SAFE_DSP && !defined(SAFE_NO_ASM)

/* safe_dsp_lstm_input has the loop of gemm4x2_dsp.c: STEP takes one word of each time step, which
 * is two values, and two pairs of rows. RESCALE is safe_dsp_rescale limited to int16; GATE takes a
 * gate's scale and packs the terms of u and v, for both steps.
 *
 * The loop takes UNROLL blocks and is entered past -blocks modulo that.
 *
 * r0 weights, r1 values, then scales, r2-r3 weights, r12 and lr values, sums: r4 and r5 the first
 * pair of rows for both steps, r6 and r7 its second row alone, r8-r11 alike. Stack: 0 terms of the
 * first step, 4 of the second, 8 end of the first, 12 scales, 16 values, 20 their end, 24 entry of
 * the loop, 28 wide scales. */
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
#if SAFE_GOAL == SAFE_GOAL_BALANCED
#define UNROLL 2 /* inputs are short, and this with the rescaling stays below 1 KB of code */
#define LOOP(code) code code
#else
#define UNROLL SAFE_UNROLL
#define LOOP(code) SAFE_REPEAT(code)
#endif
#define TEXT_OF(number) #number
#define TEXT(macro) TEXT_OF(macro)
#define TWICE(h, l)                                                                                \
    "sub " h ", " h ", " l "\n"                                                                    \
    "asr " h ", " h ", #7\n"                                                                       \
    "lsl " l ", " l ", #1\n"
#define RESCALE(sum, to, multiplier, addend, shift)                                                \
    "smmlar lr, " sum ", " multiplier ", " addend "\n"                                             \
    "add lr, lr, " sum ", asr #31\n"                                                               \
    "asr lr, lr, " shift "\n"                                                                      \
    "ssat " to ", #16, lr\n"
#define ROW(sum) RESCALE(sum, sum, "r2", "r3", "r12")
#define GATE(ha, hb, la, lb)                                                                       \
    "ldm r1!, {r2, r3, r12}\n" ROW(ha) ROW(hb) ROW(la)                                             \
        ROW(lb) "pkhbt " ha ", " ha ", " la ", lsl #16\n"                                          \
                "pkhbt " hb ", " hb ", " lb ", lsl #16\n"

__attribute__((naked)) SAFE_NOINLINE const uint32_t *
safe_dsp_lstm_input(const uint32_t *weights __attribute__((unused)),
                    const uint32_t *values __attribute__((unused)),
                    const safe_lstm_input_t *input __attribute__((unused)))
{
    __asm__ volatile(
        ".syntax unified\n"
        "push {r4-r11, lr}\n"
        "ldm r2, {r3, r4, r5, r6, r7, r12}\n" /* tiles, blocks, terms, scales, wide */
        "mov r8, r7\n"
        "add r7, r5, r3, lsl #4\n"
        "mov r9, r1\n"
        "add r10, r1, r4, lsl #4\n"
        "rsb r4, r4, #0\n" /* enter past so many blocks of 96 bytes */
        "and r4, r4, #" TEXT(
            UNROLL) " - 1\n"
                    "mov r3, #96\n"
                    "adr.w r11, 1f\n"
                    "mla r11, r4, r3, r11\n"
                    "add r11, r11, #1\n" /* Thumb */
                    "push {r5-r12}\n"
                    "2:\n"
                    "ldm r0, {r4, r6, r8, r10}\n"
                    "ldm r0!, {r5, r7, r9, r11}\n"
                    "ldr r1, [sp, #16]\n"
                    "ldr.w pc, [sp, #24]\n"
                    ".p2align 2\n"
                    "1:\n" LOOP(
                        BLOCK) "ldr r2, [sp, #20]\n"
                               "cmp r1, r2\n"
                               "bne.w 1b\n" TWICE("r4", "r6") TWICE("r5", "r7") TWICE("r8", "r10")
                                   TWICE(
                                       "r9",
                                       "r11") "ldr r1, [sp, #28]\n"
                                              "cbz r1, 3f\n"
                                              "sub sp, sp, #36\n" /* eight sums, and the stack stays
                                                                     aligned to 8 bytes for C */
                                              "stm sp, {r4-r11}\n"
                                              "mov r4, r0\n"
                                              "mov r0, r1\n"
                                              "mov r1, sp\n"
                                              "mov r2, #4\n"
                                              "bl safe_dsp_lstm_widen\n"
                                              "mov r0, r4\n"
                                              "ldm sp, {r4-r11}\n"
                                              "add sp, sp, #36\n"
                                              "3:\n"
                                              "ldr r1, [sp, #12]\n" GATE("r4", "r5", "r6", "r7")
                                                  GATE("r8", "r9", "r10",
                                                       "r11") "ldrd r2, r3, [sp]\n"
                                                              "strd r4, r8, [r2], #16\n"
                                                              "strd r5, r9, [r3], #16\n"
                                                              "strd r2, r3, [sp]\n"
                                                              "ldr r1, [sp, #8]\n"
                                                              "cmp r2, r1\n"
                                                              "bne.w 2b\n"
                                                              "add sp, sp, #32\n"
                                                              "pop {r4-r11, pc}\n");
}

/* safe_dsp_lstm_recurrent runs the loop of safe_dsp_dot8 for a tile and keeps its sums in r4-r11:
 * it jumps into it with a frame as that function has one, but for a null where the place of the
 * sums is named, upon which it comes back to label 3, or 4 where a gate is wide. PAIR rescales the
 * sums of u and v of a gate and packs them.
 *
 * r0 weights. Stack: 0 eight zeros, which the sums start from, 32 end of the tile's weights, 36
 * where the loop comes back to, 40 null, 44 values, 48 bytes of a tile, 52 entry of the loop, 56
 * scales, 60 terms, 64 their end, 68 wide scales. */
#define PAIR(u, v)                                                                                 \
    "ldm r12!, {r1, r2, r3}\n" RESCALE(u, u, "r1", "r2", "r3")                                     \
        RESCALE(v, v, "r1", "r2", "r3") "pkhbt " u ", " u ", " v ", lsl #16\n"

#define ADD(term, more) "qadd16 " term ", " term ", " more "\n"
#define PAIRS PAIR("r4", "r5") PAIR("r6", "r7") PAIR("r8", "r9") PAIR("r10", "r11")
#define SUMS ADD("r4", "r5") ADD("r6", "r7") ADD("r8", "r9") ADD("r10", "r11")
#define ZEROS(a, b)                                                                                \
    "strd " a ", " b ", [sp]\n"                                                                    \
    "strd " a ", " b ", [sp, #8]\n"                                                                \
    "strd " a ", " b ", [sp, #16]\n"                                                               \
    "strd " a ", " b ", [sp, #24]\n"

/* The frame: r4 values, r5 length, r6 wide scales, r7 tiles, r8 scales; a place in Thumb code is
 * odd. */
#define FRAME                                                                                      \
    "movs r3, #0\n"                                                                                \
    "mov r12, r3\n" ZEROS("r3", "r12") "adr.w r1, 3f\n"                                            \
                                       "cbz r6, 2f\n"                                              \
                                       "adr.w r1, 4f\n"                                            \
                                       "2:\n"                                                      \
                                       "adds r1, r1, #1\n"                                         \
                                       "strd r1, r3, [sp, #36]\n"                                  \
                                       "uxth r1, r5\n"                                             \
                                       "strd r4, r1, [sp, #44]\n"                                  \
                                       "movw r1, #:lower16:safe_dsp_dot8\n"                        \
                                       "movt r1, #:upper16:safe_dsp_dot8\n"                        \
                                       "add r1, r1, r5, lsr #16\n"                                 \
                                       "adds r1, r1, #" TEXT(                                      \
                                           SAFE_DOT8_LOOP_OFFSET) "\n"                             \
                                                                  "strd r1, r8, [sp, #52]\n"       \
                                                                  "add r3, r2, r7, lsl #4\n"       \
                                                                  "strd r2, r3, [sp, #60]\n"       \
                                                                  "str r6, [sp, #68]\n"

__attribute__((naked)) SAFE_NOINLINE void
safe_dsp_lstm_recurrent(const uint32_t *weights __attribute__((unused)),
                        const safe_lstm_recurrent_t *recurrent __attribute__((unused)),
                        uint32_t *terms __attribute__((unused)))
{
    __asm__ volatile(".syntax unified\n"
                     "push {r4-r11, lr}\n"
                     "sub sp, sp, #76\n"
                     "ldm r1, {r4-r8}\n" /* values, length, wide, tiles, scales */
                     FRAME "1:\n"
                     "ldm sp, {r4-r11}\n"
                     "ldr r1, [sp, #44]\n"
                     "ldr r2, [sp, #48]\n"
                     "add r2, r2, r0\n"
                     "str r2, [sp, #32]\n"
                     "ldr.w pc, [sp, #52]\n"
                     ".p2align 2\n"
                     "4:\n" /* the sums lie where the zeros lay */
                     "stm sp, {r4-r11}\n"
                     "mov r4, r0\n"
                     "ldr r0, [sp, #68]\n"
                     "mov r1, sp\n"
                     "movs r2, #2\n"
                     "bl safe_dsp_lstm_widen\n"
                     "mov r0, r4\n"
                     "ldm sp, {r4-r11}\n"
                     "movs r2, #0\n"
                     "movs r3, #0\n" ZEROS("r2", "r3") ".p2align 2\n"
                                                       "3:\n"
                                                       "ldr.w r12, [sp, #56]\n" PAIRS
                                                       "ldr r3, [sp, #60]\n"
                                                       "ldm r3, {r5, r7, r9, r11}\n" SUMS
                                                       "stm r3!, {r4, r6, r8, r10}\n"
                                                       "ldr r2, [sp, #64]\n"
                                                       "str r3, [sp, #60]\n"
                                                       "cmp r3, r2\n"
                                                       "bne.w 1b\n"
                                                       "add sp, sp, #76\n"
                                                       "pop {r4-r11, pc}\n");
}

#else

/** A term of a gate. */
static inline int32_t term(int32_t twice, safe_dsp_rescale_t r)
{
    return safe_dsp_ssat16(safe_dsp_rescale(twice, r.multiplier, r.addend, r.shift));
}

/** The doubled sums of a pair of rows for one time step. @param values Every other word. */
static inline void pair_sums(const uint32_t *start, const uint32_t *weights, const uint32_t *values,
                             uint32_t blocks, int32_t *twice)
{
    int32_t h = (int32_t)start[0];
    int32_t l = (int32_t)start[1];
    for (uint32_t half = 0; half < 2u * blocks; half++) {
        const uint32_t word = weights[2u * half];
        h = safe_dsp_smlad(word, values[2u * half], h);
        l = safe_dsp_smlad(safe_dsp_sxtb16(word), values[2u * half], l);
    }
    twice[0] = (int32_t)((uint32_t)h - (uint32_t)l) >> 7;
    twice[1] = (int32_t)((uint32_t)l << 1);
}

SAFE_NOINLINE const uint32_t *safe_dsp_lstm_input(const uint32_t *weights, const uint32_t *values,
                                                  const safe_lstm_input_t *input)
{
    for (uint32_t tile = 0; tile < input->tiles; tile++) {
        int32_t twice[8]; /* of each gate (u, v) of the first step, then of the second */
        for (uint32_t k = 0; k < 4u; k++) {
            const uint32_t gate = k / 2u;
            pair_sums(&weights[2u * gate], &weights[4u + gate], &values[k % 2u], input->blocks,
                      &twice[2u * k]);
        }
        if (input->wide != NULL) {
            safe_dsp_lstm_widen(input->wide, twice, 4);
        }
        for (uint32_t k = 0; k < 4u; k++) {
            const uint32_t gate = k / 2u;
            const safe_dsp_rescale_t r = input->scales[gate];
            input->terms[k % 2u][4u * tile + gate] = safe_dsp_pkhbt(
                (uint32_t)term(twice[2u * k], r), (uint32_t)term(twice[2u * k + 1u], r));
        }
        weights += SAFE_LSTM_INPUT_HALF_WORDS(input->blocks);
    }
    return weights;
}

SAFE_NOINLINE void safe_dsp_lstm_recurrent(const uint32_t *weights,
                                           const safe_lstm_recurrent_t *recurrent, uint32_t *terms)
{
    static const int32_t zeros[SAFE_DOT8_ROWS];
    for (uint32_t tile = 0; tile < recurrent->tiles; tile++) {
        int32_t twice[SAFE_DOT8_ROWS];
        weights = safe_dsp_dot8(weights, recurrent->values, recurrent->length, zeros, twice);
        if (recurrent->wide != NULL) {
            safe_dsp_lstm_widen(recurrent->wide, twice, 2);
        }
        for (uint32_t gate = 0; gate < SAFE_LSTM_DSP_GATES; gate++) {
            const safe_dsp_rescale_t r = recurrent->scales[gate];
            const uint32_t more = safe_dsp_pkhbt((uint32_t)term(twice[2u * gate], r),
                                                 (uint32_t)term(twice[2u * gate + 1u], r));
            *terms = safe_dsp_qadd16(*terms, more);
            terms++;
        }
    }
}

#endif

SAFE_FROM_ASSEMBLY SAFE_NOINLINE void safe_dsp_lstm_widen(const safe_lstm_dsp_wide_t *wide,
                                                          int32_t *twice, int32_t each)
{
    // cppcheck-suppress ctuArrayIndex ; one past the last element may be pointed at
    const int32_t *const end = &twice[SAFE_DOT8_ROWS];
    do {
        const safe_lstm_dsp_wide_t w = *wide++;
        const int32_t *const next = &twice[each];
        if (w.shift == SAFE_LSTM_DSP_NARROW) {
            twice += each;
            continue;
        }
        do {
            /* The multiplier is 2^30 at least: a sum beyond 2^16 gives a term beyond int16. The
             * other terms are rescaled by 2^30 / 2^32 and a shift by 1, which is 1 / 8: eight times
             * the result comes out as it is. */
            const int32_t limited = safe_dsp_ssat19(*twice);
            const int32_t value =
                safe_dsp_smmulr((int32_t)((uint32_t)limited << w.shift), w.multiplier);
            *twice++ = 8 * safe_dsp_ssat16(value);
        } while (twice != next);
    } while (twice != end);
}

/** One block of both time steps. */
static inline uint32_t *expand_block(uint32_t *expanded, uint32_t a, uint32_t b)
{
    expanded[0] = safe_dsp_sxtb16(a);
    expanded[1] = safe_dsp_sxtb16(b);
    expanded[2] = safe_dsp_sxtb16_odd(a);
    expanded[3] = safe_dsp_sxtb16_odd(b);
    return &expanded[4];
}

SAFE_NOINLINE void safe_dsp_lstm_expand(const int8_t *a, const int8_t *b, int32_t length,
                                        uint32_t *expanded)
{
    const int8_t *const end = &a[length & ~3];
    while (a != end) {
        expanded = expand_block(expanded, safe_dsp_load(a), safe_dsp_load(b));
        a += 4;
        b += 4;
    }
    length &= 3;
    if (length > 0) {
        /* No byte beyond `length` is read. */
        uint32_t last[2] = {0, 0};
        (void)memcpy(&last[0], a, (size_t)length);
        (void)memcpy(&last[1], b, (size_t)length);
        (void)expand_block(expanded, last[0], last[1]);
    }
}
