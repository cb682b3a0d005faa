/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot8_rv32.c Eight dot products: per product a load, a multiplication and an addition. */
#include "safe/kernel/dot8_rv32.h"

#include "safe/compiler.h"
#include "safe/kernel/rv32.h"

/** Products of value i after `values` with its eight weights. A macro, as the eight sums must be
 * variables of one function to stay in registers. */
#define PRODUCTS(i)                                                                                \
    do {                                                                                           \
        const int32_t value = values[i];                                                           \
        a0 += value * weights[8 * (i)];                                                            \
        a1 += value * weights[8 * (i) + 1];                                                        \
        a2 += value * weights[8 * (i) + 2];                                                        \
        a3 += value * weights[8 * (i) + 3];                                                        \
        a4 += value * weights[8 * (i) + 4];                                                        \
        a5 += value * weights[8 * (i) + 5];                                                        \
        a6 += value * weights[8 * (i) + 6];                                                        \
        a7 += value * weights[8 * (i) + 7];                                                        \
        SAFE_RV32_FENCE();                                                                         \
    } while (0)

SAFE_NOINLINE const int8_t *safe_rv32_dot8(const int8_t *weights, const int8_t *values,
                                           int32_t length, const int32_t *start, int32_t *sums)
{
    int32_t a0 = start[0];
    int32_t a1 = start[1];
    int32_t a2 = start[2];
    int32_t a3 = start[3];
    int32_t a4 = start[4];
    int32_t a5 = start[5];
    int32_t a6 = start[6];
    int32_t a7 = start[7];
    const int8_t *end = &values[length];
    for (int32_t rest = length & 3; rest > 0; rest--, values++, weights += 8) {
        PRODUCTS(0);
    }
    for (; values != end; values += 4, weights += 32) {
        PRODUCTS(0);
        PRODUCTS(1);
        PRODUCTS(2);
        PRODUCTS(3);
    }
    sums[0] = a0;
    sums[1] = a1;
    sums[2] = a2;
    sums[3] = a3;
    sums[4] = a4;
    sums[5] = a5;
    sums[6] = a6;
    sums[7] = a7;
    return weights;
}
