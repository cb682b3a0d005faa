/* SPDX-License-Identifier: Apache-2.0 */
/** @file softmax_row.h What the softmax kernels share: constants, sum and reciprocal.
 *
 * Fixed point: Qm.n has m integer bits before n fractional ones, besides the sign.
 * Source of the arithmetic: TFLM reference_ops::Softmax and gemmlowp's fixedpoint.h
 * (exp_on_negative_values, one_over_one_plus_x_for_x_in_0_1).
 */
#ifndef SAFE_KERNEL_SOFTMAX_ROW_H
#define SAFE_KERNEL_SOFTMAX_ROW_H

#include <stdint.h>

#include "safe/fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Largest `depth`: the sum of exponentials is at most depth * 2^19 < 2^31. */
#define SAFE_SOFTMAX_MAX_DEPTH 4095

/** Constants of one call. */
typedef struct safe_softmax_params {
    int32_t rows;
    int32_t depth;   /**< Elements of a row, in [1, SAFE_SOFTMAX_MAX_DEPTH]. */
    int32_t entries; /**< Number of entries of the table, in [1, 256]; a larger difference has
                        exponential 0. */
} safe_softmax_params_t;

/** A row's factor: every output is exponential * factor / 2^(31 + shift). */
typedef struct safe_softmax_factor {
    int32_t most;   /**< Largest input of the row. */
    int32_t factor; /**< 1 / sum of exponentials, Q0.31, scaled into (1/2, 1]. */
    int32_t shift;  /**< The sum lies in [2^shift, 2^(shift + 1)). */
} safe_softmax_factor_t;

/** Exponential of `value` - `most` in Q0.31. @param exponentials Entry d holds that of -d. */
static inline int32_t safe_softmax_exponential(const safe_softmax_params_t *params,
                                               const int32_t *exponentials, int32_t most,
                                               int32_t value)
{
    const int32_t difference = most - value;
    return difference < params->entries ? exponentials[difference] : 0;
}

/** 1 / (1 + x) in Q0.31, three Newton steps. @param x In [0, 1), Q0.31. */
static inline int32_t safe_softmax_one_over_one_plus(int32_t x)
{
    /* (1 + x) / 2, rounded up; the estimate is 48/17 - 32/17 * half in Q2.29. */
    const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t estimate = 1515870810 + safe_multiply_high(half, -1010580540);
    for (int32_t step = 0; step < 3; step++) {
        const int32_t rest = ((int32_t)1 << 29) - safe_multiply_high(half, estimate);
        /* The first estimate is off by 1/17 at most, so |estimate * rest| <= 2^26 in Q4.27 and
         * the factor of 4 back to Q2.29 does not saturate, as it would in gemmlowp. */
        estimate += safe_multiply_high(estimate, rest) * 4;
    }
    /* Half of the estimate is the result: Q2.29 to Q0.31 is a factor of 4, of which 2 remain. */
    return estimate > INT32_MAX / 2 ? INT32_MAX : estimate * 2;
}

/** Maximum, sum of exponentials and its reciprocal for one row. */
static inline safe_softmax_factor_t safe_softmax_row(const safe_softmax_params_t *params,
                                                     const int32_t *exponentials,
                                                     const int8_t *input)
{
    safe_softmax_factor_t row = {INT8_MIN, 0, 12};
    for (int32_t i = 0; i < params->depth; i++) {
        row.most = input[i] > row.most ? input[i] : row.most;
    }
    /* Q12.19: the largest element alone gives 2^19. */
    uint32_t sum = 0;
    for (int32_t i = 0; i < params->depth; i++) {
        const int32_t e = safe_softmax_exponential(params, exponentials, row.most, input[i]);
        sum += (uint32_t)safe_shift_right_rounding(e, 12);
    }
    while (sum < (uint32_t)1 << 31) {
        sum <<= 1;
        row.shift--;
    }
    row.factor = safe_softmax_one_over_one_plus((int32_t)(sum - ((uint32_t)1 << 31)));
    return row;
}

#ifdef __cplusplus
}
#endif

#endif
