/* SPDX-License-Identifier: Apache-2.0 */
/** @file mul.c Product of int8 tensors, fast for equal shapes. */
#include "safe/kernel/mul.h"

#include "safe/fixed_point.h"

/** One run; inlined for the common case, equal shapes and a right shift (`plain`), and for all. */
static inline void mul_run(const safe_mul_element_t e, const safe_broadcast_t *walk, int plain,
                           const int8_t *input1, const int8_t *input2, int8_t *output)
{
    const int32_t length = walk->length;
    const int32_t step1 = plain ? 1 : walk->step1;
    const int32_t step2 = plain ? 1 : walk->step2;
    for (int32_t i = 0; i < length; i++) {
        /* At most 255 * 255 < 2^16: doubled, it is far inside 32 bits. */
        const int32_t product = (*input1 - e.zero_point1) * (*input2 - e.zero_point2);
        const int32_t scaled = plain ? safe_rescale_doubled(2 * product, e.multiplier, -e.shift)
                                     : safe_requantize(product, e.multiplier, e.shift);
        output[i] = (int8_t)safe_clamp(scaled + e.zero_point, e.low, e.high);
        input1 += step1;
        input2 += step2;
    }
}

void safe_kernel_mul_s8(const safe_mul_params_t *params, const int8_t *input1, const int8_t *input2,
                        int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const safe_mul_element_t e = params->element;
    /* Almost every call: both inputs element by element, and a result that is scaled down. Then
     * steps and the direction of the shift are constants of the inlined loop. */
    const int plain = walk->step1 == 1 && walk->step2 == 1 && e.shift < 0;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        if (plain) {
            mul_run(e, walk, 1, &input1[start.first], &input2[start.second], output);
        } else {
            mul_run(e, walk, 0, &input1[start.first], &input2[start.second], output);
        }
        output += walk->length;
    }
}
