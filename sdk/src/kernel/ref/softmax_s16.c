/* SPDX-License-Identifier: Apache-2.0 */
/** @file softmax_s16.c Reference int8 softmax with an int16 result. */
#include "safe/kernel/goal.h"

#include "safe/kernel/softmax_s16.h"

#include "safe/fixed_point.h"

void safe_kernel_softmax_s8_s16(const safe_softmax_params_t *params, const int8_t *input,
                                const int32_t *exponentials, int16_t *output)
{
    for (int32_t n = 0; n < params->rows; n++) {
        const safe_softmax_factor_t row = safe_softmax_row(params, exponentials, input);
        /* 31 + shift fractional bits down to 16; shift is in [0, 11]. */
        const int32_t exponent = row.shift + 15;
        for (int32_t i = 0; i < params->depth; i++) {
            const int32_t e = safe_softmax_exponential(params, exponentials, row.most, input[i]);
            const int32_t result =
                safe_shift_right_rounding(safe_multiply_high(row.factor, e), exponent);
            output[i] = (int16_t)(result > UINT16_MAX ? INT16_MAX : result + INT16_MIN);
        }
        input += params->depth;
        output += params->depth;
    }
}
