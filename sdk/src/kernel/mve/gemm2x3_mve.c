/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm2x3_mve.c The 2 x 3 tile: assembly, and its twin in C. */
#include "safe/kernel/gemm2x3_mve.h"

#include "safe/compiler.h"
#include "safe/kernel/mve_requantize.h"

#if SAFE_MVE && !defined(SAFE_NO_ASM)

/* VMLADAVA adds 16 products to a register of even number: six of them and six pointers and counters
 * are all that there is. Instructions per block of 16 values, 2 rows and 3 columns: 12, for 96
 * products. Loads stand between multiplications, which the core may overlap. r1 weights, r3, r5, r7
 * columns, r9 sums, r11 blocks, r12 pairs; sums: r0 and r2 the first column, r4 and r6 the second,
 * r8 and r10 the third. */
__attribute__((naked)) SAFE_NOINLINE const int8_t *safe_mve_gemm2x3(const int8_t *weights
                                                                    __attribute__((unused)),
                                                                    const safe_gemm2x3_t *extent
                                                                    __attribute__((unused)))
{
    __asm__ volatile(".syntax unified\n"
                     "push {r4-r11, lr}\n"
                     "ldm r1, {r3, r5, r7, r9, r11, r12}\n"
                     "mov r1, r0\n"
                     "2:\n"
                     "ldrd r0, r2, [r1], #8\n"
                     "mov r4, r0\n"
                     "mov r6, r2\n"
                     "mov r8, r0\n"
                     "mov r10, r2\n"
                     "dls lr, r11\n"
                     "1:\n"
                     "vldrb.8 q0, [r1], #32\n"
                     "vldrb.8 q2, [r3], #16\n"
                     "vmladava.s8 r0, q0, q2\n"
                     "vldrb.8 q1, [r1, #-16]\n"
                     "vmladava.s8 r2, q1, q2\n"
                     "vldrb.8 q3, [r5], #16\n"
                     "vmladava.s8 r4, q0, q3\n"
                     "vmladava.s8 r6, q1, q3\n"
                     "vldrb.8 q2, [r7], #16\n"
                     "vmladava.s8 r8, q0, q2\n"
                     "vmladava.s8 r10, q1, q2\n"
                     "le lr, 1b\n"
                     "sub r3, r3, r11, lsl #4\n"
                     "sub r5, r5, r11, lsl #4\n"
                     "sub r7, r7, r11, lsl #4\n"
                     "strd r4, r6, [r9, #128]\n"
                     "strd r8, r10, [r9, #256]\n"
                     "strd r0, r2, [r9], #8\n"
                     "subs r12, r12, #1\n"
                     "bne 2b\n"
                     "mov r0, r1\n"
                     "pop {r4-r11, pc}\n");
}

#else

static int32_t dot(int32_t start, const int8_t *row, const int8_t *values, uint32_t blocks)
{
    uint32_t sum = (uint32_t)start;
    for (uint32_t block = 0; block < blocks; block++) {
        for (int32_t k = 0; k < SAFE_MVE_BYTES; k++) {
            sum += (uint32_t)(row[k] * values[k]);
        }
        row += 2 * SAFE_MVE_BYTES;
        values += SAFE_MVE_BYTES;
    }
    return (int32_t)sum;
}

SAFE_NOINLINE const int8_t *safe_mve_gemm2x3(const int8_t *weights, const safe_gemm2x3_t *extent)
{
    for (uint32_t row = 0; row < 2u * extent->pairs; row += 2) {
        int32_t start[2];
        (void)memcpy(start, weights, sizeof start);
        const int8_t *first = &weights[sizeof start];
        for (uint32_t c = 0; c < SAFE_GEMM2X3_COLUMNS; c++) {
            const int8_t *values = extent->columns[c];
            int32_t *sums = &extent->sums[c * SAFE_GEMM2X3_ROWS + row];
            sums[0] = dot(start[0], first, values, extent->blocks);
            sums[1] = dot(start[1], &first[SAFE_MVE_BYTES], values, extent->blocks);
        }
        weights += SAFE_GEMM2X3_PAIR_BYTES(extent->blocks);
    }
    return weights;
}

#endif

/** Scales of four rows. */
typedef struct scales {
    safe_mve_s32_t multiplier;
    safe_mve_s32_t shift;
    safe_mve_s32_t low;
    safe_mve_s32_t high;
    int32_t zero_point;
} scales_t;

static inline safe_mve_s32_t rescaled(const int32_t *sums, scales_t s)
{
    const safe_mve_s32_t x = safe_mve_requantize(safe_mve_load(sums), s.multiplier, s.shift);
    return safe_mve_min(safe_mve_max(safe_mve_add_n(x, s.zero_point), s.low), s.high);
}

SAFE_NOINLINE void safe_mve_rescale3(const int32_t *sums, int32_t rows,
                                     const safe_mve_scales_t *scales,
                                     int8_t *const outputs[SAFE_GEMM2X3_COLUMNS])
{
    const int32_t *multipliers = scales->multiplier;
    const int8_t *shifts = scales->shift;
    scales_t s = {safe_mve_dup(0), safe_mve_dup(0), safe_mve_dup(scales->low),
                  safe_mve_dup(scales->high), scales->zero_point};
    int8_t *a = outputs[0];
    int8_t *b = outputs[1];
    int8_t *c = outputs[2];
    for (int32_t left = rows / SAFE_MVE_LANES; left > 0; left--) {
        s.multiplier = safe_mve_load(multipliers);
        s.shift = safe_mve_load_s8(shifts);
        safe_mve_store_s8(a, rescaled(sums, s));
        safe_mve_store_s8(b, rescaled(&sums[SAFE_GEMM2X3_ROWS], s));
        safe_mve_store_s8(c, rescaled(&sums[2 * SAFE_GEMM2X3_ROWS], s));
        multipliers += SAFE_MVE_LANES;
        shifts += SAFE_MVE_LANES;
        sums += SAFE_MVE_LANES;
        a += SAFE_MVE_LANES;
        b += SAFE_MVE_LANES;
        c += SAFE_MVE_LANES;
    }
    const int32_t rest = rows % SAFE_MVE_LANES;
    if (rest > 0) {
        s.multiplier = safe_mve_load(multipliers);
        s.shift = safe_mve_load_s8(shifts);
        safe_mve_store_some_s8(a, rescaled(sums, s), rest);
        safe_mve_store_some_s8(b, rescaled(&sums[SAFE_GEMM2X3_ROWS], s), rest);
        safe_mve_store_some_s8(c, rescaled(&sums[2 * SAFE_GEMM2X3_ROWS], s), rest);
    }
}
