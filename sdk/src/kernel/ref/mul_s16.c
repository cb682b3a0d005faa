/* SPDX-License-Identifier: Apache-2.0 */
/** @file mul_s16.c Reference product of int16 tensors. */
#include "safe/kernel/goal.h"

#include "safe/kernel/mul.h"

#include "safe/fixed_point.h"

/** @return One product. */
static inline int32_t mul_one(const safe_mul_element_t e, int32_t first, int32_t second)
{
    const int32_t product = (first - e.zero_point1) * (second - e.zero_point2);
    const int32_t scaled = safe_requantize(product, e.multiplier, e.shift);
    return safe_clamp(scaled + e.zero_point, e.low, e.high);
}

/** One run; inlined for each pair of steps, so that equal shapes pay for no step. */
static inline void mul_run(const safe_mul_element_t e, int32_t length, const int16_t *input1,
                           int32_t step1, const int16_t *input2, int32_t step2, int16_t *output)
{
    for (int32_t i = 0; i < length; i++) {
        output[i] = (int16_t)mul_one(e, *input1, *input2);
        input1 += step1;
        input2 += step2;
    }
}

void safe_kernel_mul_s16(const safe_mul_params_t *params, const int16_t *input1,
                         const int16_t *input2, int16_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const safe_mul_element_t e = params->element;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int16_t *first = &input1[start.first];
        const int16_t *second = &input2[start.second];
        if (walk->step1 == 1 && walk->step2 == 1) {
            mul_run(e, walk->length, first, 1, second, 1, output);
        } else {
            mul_run(e, walk->length, first, walk->step1, second, walk->step2, output);
        }
        output += walk->length;
    }
}
