/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot8_rv32.c Eight dot products: per product a load, a multiplication and an addition. */
#include "safe/kernel/goal.h"

#include "safe/kernel/dot8_rv32.h"

#include "safe/compiler.h"
#include "safe/kernel/rv32.h"

SAFE_NOINLINE const int8_t *safe_rv32_dot8(const int8_t *weights, const int8_t *values,
                                           int32_t length, const int32_t *start, int32_t *sums)
{
    /* Variables, not an array: eight sums in eight registers. A value is loaded once for eight
     * products. */
    int32_t a0 = start[0];
    int32_t a1 = start[1];
    int32_t a2 = start[2];
    int32_t a3 = start[3];
    int32_t a4 = start[4];
    int32_t a5 = start[5];
    int32_t a6 = start[6];
    int32_t a7 = start[7];
    const int8_t *end = &values[length];
#if SAFE_GOAL == SAFE_GOAL_SIZE
    for (; values != end; values++, weights += 8) {
        SAFE_RV32_PRODUCTS8(values, weights, 0);
    }
#else
    /* The loop takes four values a turn, so that its own instructions are few; the rest comes
     * first. */
    for (int32_t rest = length & 3; rest > 0; rest--, values++, weights += 8) {
        SAFE_RV32_PRODUCTS8(values, weights, 0);
    }
    for (; values != end; values += 4, weights += 32) {
        SAFE_RV32_PRODUCTS8(values, weights, 0);
        SAFE_RV32_PRODUCTS8(values, weights, 1);
        SAFE_RV32_PRODUCTS8(values, weights, 2);
        SAFE_RV32_PRODUCTS8(values, weights, 3);
    }
#endif
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
