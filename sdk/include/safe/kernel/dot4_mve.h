/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot4_mve.h Dot products of four rows of weights with one row of values. */
#ifndef SAFE_KERNEL_DOT4_MVE_H
#define SAFE_KERNEL_DOT4_MVE_H

#include <stdint.h>

#include "safe/kernel/mve.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of a tile. */
#define SAFE_DOT4_ROWS 4

/** Blocks of 16 for `length` values. */
#define SAFE_MVE_BLOCKS(length) (((uint32_t)(length) + 15u) / 16u)

/** Bytes of a tile's weights. */
#define SAFE_DOT4_TILE_BYTES(blocks) (64u * (blocks))

/**
 * start[r] + sum of values * weights of row r, in lane r.
 *
 * @param weights SAFE_DOT4_TILE_BYTES: per block 16 weights of each row. @param values 16 * blocks
 * of any alignment; weights beyond the last value are 0. @param blocks At least 1. @param start
 * Modulo 2^32, as all sums.
 *
 * Assembly, as GCC 12 moves the pointer of the weights in an instruction of its own: 10 in the
 * place of 11 for 64 products.
 */
static inline safe_mve_s32_t safe_mve_dot4(const int8_t *weights, const int8_t *values,
                                           uint32_t blocks, const int32_t *start)
{
#if SAFE_MVE
    int32_t a = start[0];
    int32_t b = start[1];
    int32_t c = start[2];
    int32_t d = start[3];
    int8x16_t x;
    int32x4_t w;
    __asm__("dls lr, %[blocks]\n"
            "1:\n\t"
            "vldrb.8 %q[x], [%[values]], #16\n\t"
            "vldrb.8 %q[w], [%[weights]], #64\n\t"
            "vmladava.s8 %[a], %q[x], %q[w]\n\t"
            "vldrb.8 %q[w], [%[weights], #-48]\n\t"
            "vmladava.s8 %[b], %q[x], %q[w]\n\t"
            "vldrb.8 %q[w], [%[weights], #-32]\n\t"
            "vmladava.s8 %[c], %q[x], %q[w]\n\t"
            "vldrb.8 %q[w], [%[weights], #-16]\n\t"
            "vmladava.s8 %[d], %q[x], %q[w]\n\t"
            "le lr, 1b\n\t"
            "vmov %q[w][2], %q[w][0], %[a], %[c]\n\t"
            "vmov %q[w][3], %q[w][1], %[b], %[d]"
            : [a] "+Te"(a), [b] "+Te"(b), [c] "+Te"(c), [d] "+Te"(d), [x] "=&w"(x), [w] "=&w"(w),
              [weights] "+r"(weights), [values] "+r"(values)
            : [blocks] "r"(blocks)
            : "lr", "cc", "memory");
    return w;
#else
    safe_mve_s32_t sums = safe_mve_load(start);
    for (uint32_t block = 0; block < blocks; block++) {
        for (int32_t row = 0; row < SAFE_DOT4_ROWS; row++) {
            uint32_t sum = (uint32_t)sums.lane[row];
            for (int32_t k = 0; k < SAFE_MVE_BYTES; k++) {
                sum += (uint32_t)(*weights++ * values[k]);
            }
            sums.lane[row] = (int32_t)sum;
        }
        values += SAFE_MVE_BYTES;
    }
    return sums;
#endif
}

#ifdef __cplusplus
}
#endif

#endif
