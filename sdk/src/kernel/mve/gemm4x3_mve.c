/* SPDX-License-Identifier: Apache-2.0 */
/** @file gemm4x3_mve.c The 4 x 3 tile: assembly, and its twin in C. */
#include "safe/kernel/goal.h"

#include "safe/kernel/gemm4x3_mve.h"

#include "safe/compiler.h"
#include "safe/kernel/mve_requantize.h"

#if SAFE_MVE && !defined(SAFE_NO_ASM)

/* VMLADAVA adds 16 products to a register of even number. Six sums are all that pointers leave room
 * for: PAIR multiplies two rows with three columns, 12 instructions for 96 products, loads between
 * multiplications, which the core may overlap. Then its sums go to lanes 0 and 2 of three vectors,
 * those of the second pair to lanes 1 and 3, so that four rows of a column are rescaled at once,
 * and no sum is ever in memory. RESCALE is safe_mve_requantize, zero point and limits.
 *
 * From C, GCC 12 keeps neither the sums nor the pointers in registers. r1 weights, r3, r5, r7
 * columns, r9 the extent, r11 blocks, r12 rows; sums: r0 and r2 of the first column, r4 and r6 of
 * the second, r8 and r10 of the third; while they are rescaled outputs in r0, r2, r4,
 * zero point and limits in r6, r8, r10. q0 to q3 the loop's, then multipliers, shifts and limits;
 * q4 to q6 the columns. */
#define PAIR(upper, lower)                                                                         \
    "ldrd r0, r2, [r1], #8\n"                                                                      \
    "mov r4, r0\n"                                                                                 \
    "mov r6, r2\n"                                                                                 \
    "mov r8, r0\n"                                                                                 \
    "mov r10, r2\n"                                                                                \
    "dls lr, r11\n"                                                                                \
    "1:\n"                                                                                         \
    "vldrb.8 q0, [r1], #32\n"                                                                      \
    "vldrb.8 q2, [r3], #16\n"                                                                      \
    "vmladava.s8 r0, q0, q2\n"                                                                     \
    "vldrb.8 q1, [r1, #-16]\n"                                                                     \
    "vmladava.s8 r2, q1, q2\n"                                                                     \
    "vldrb.8 q3, [r5], #16\n"                                                                      \
    "vmladava.s8 r4, q0, q3\n"                                                                     \
    "vmladava.s8 r6, q1, q3\n"                                                                     \
    "vldrb.8 q2, [r7], #16\n"                                                                      \
    "vmladava.s8 r8, q0, q2\n"                                                                     \
    "vmladava.s8 r10, q1, q2\n"                                                                    \
    "le lr, 1b\n"                                                                                  \
    "sub r3, r3, r11, lsl #4\n"                                                                    \
    "sub r5, r5, r11, lsl #4\n"                                                                    \
    "sub r7, r7, r11, lsl #4\n"                                                                    \
    "vmov q4[" upper "], q4[" lower "], r0, r2\n"                                                  \
    "vmov q5[" upper "], q5[" lower "], r4, r6\n"                                                  \
    "vmov q6[" upper "], q6[" lower "], r8, r10\n"
#define RESCALE(sums)                                                                              \
    "vqrdmulh.s32 " sums ", " sums ", q0\n"                                                        \
    "vshr.s32 q7, " sums ", #31\n"                                                                 \
    "vadd.i32 " sums ", " sums ", q7\n"                                                            \
    "vrshl.s32 " sums ", " sums ", q1\n"                                                           \
    "vadd.i32 " sums ", " sums ", r6\n"                                                            \
    "vmax.s32 " sums ", " sums ", q2\n"                                                            \
    "vmin.s32 " sums ", " sums ", q3\n"

__attribute__((naked)) SAFE_NOINLINE void safe_mve_gemm4x3(const int8_t *weights
                                                           __attribute__((unused)),
                                                           safe_gemm4x3_t *extent
                                                           __attribute__((unused)))
{
    __asm__ volatile(".syntax unified\n"
                     "push {r4-r11, lr}\n"
                     "vpush {d8-d15}\n"
                     "mov r9, r1\n"
                     "mov r1, r0\n"
                     "ldm r9, {r3, r5, r7, r11, r12}\n"
                     "2:\n" PAIR("2", "0")
                         PAIR("3", "1") "add lr, r9, #20\n"
                                        "ldm lr, {r0, r2, r4, r6, r8, r10}\n"
                                        "vldrw.32 q0, [r1], #16\n"
                                        "vldrb.s32 q1, [r1], #4\n"
                                        "vdup.32 q2, r8\n"
                                        "vdup.32 q3, r10\n" RESCALE("q4") RESCALE("q5")
                                            RESCALE("q6") "vctp.32 r12\n"
                                                          "vpsttt\n"
                                                          "vstrbt.32 q4, [r0], #4\n"
                                                          "vstrbt.32 q5, [r2], #4\n"
                                                          "vstrbt.32 q6, [r4], #4\n"
                                                          "strd r0, r2, [r9, #20]\n"
                                                          "str r4, [r9, #28]\n"
                                                          "subs r12, r12, #4\n"
                                                          "bgt 2b\n"
                                                          "vpop {d8-d15}\n"
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

SAFE_NOINLINE void safe_mve_gemm4x3(const int8_t *weights, safe_gemm4x3_t *extent)
{
    const safe_mve_s32_t low = safe_mve_dup(extent->low);
    const safe_mve_s32_t high = safe_mve_dup(extent->high);
    const uint32_t pair_bytes = 8u + 32u * extent->blocks;
    for (int32_t left = extent->rows; left > 0; left -= SAFE_GEMM4X3_ROWS) {
        const int8_t *scales = &weights[2u * pair_bytes];
        int32_t multiplier[SAFE_GEMM4X3_ROWS];
        (void)memcpy(multiplier, scales, sizeof multiplier);
        for (int32_t c = 0; c < SAFE_GEMM4X3_COLUMNS; c++) {
            int32_t sums[SAFE_GEMM4X3_ROWS];
            for (int32_t pair = 0; pair < 2; pair++) {
                const int8_t *first = &weights[pair_bytes * (uint32_t)pair];
                int32_t start[2];
                (void)memcpy(start, first, sizeof start);
                first += sizeof start;
                for (int32_t row = 0; row < 2; row++) {
                    sums[2 * row + pair] = dot(start[row], &first[SAFE_MVE_BYTES * row],
                                               extent->columns[c], extent->blocks);
                }
            }
            safe_mve_s32_t x = safe_mve_requantize(safe_mve_load(sums), safe_mve_load(multiplier),
                                                   safe_mve_load_s8(&scales[sizeof multiplier]));
            x = safe_mve_max(safe_mve_add_n(x, extent->zero_point), low);
            safe_mve_store_some_s8(extent->outputs[c], safe_mve_min(x, high), left);
            extent->outputs[c] += SAFE_GEMM4X3_ROWS;
        }
        weights += SAFE_GEMM4X3_GROUP_BYTES(extent->blocks);
    }
}

#endif
