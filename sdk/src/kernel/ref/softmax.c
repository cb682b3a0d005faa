/* SPDX-License-Identifier: Apache-2.0 */
/** @file softmax.c Reference int8 softmax: exponentials from a table. */
#include "safe/kernel/goal.h"

#include "safe/kernel/softmax.h"

#include "safe/fixed_point.h"

void safe_kernel_softmax_s8(const safe_softmax_params_t *params, const int8_t *input,
                            const int32_t *exponentials, int8_t *output)
{
    for (int32_t n = 0; n < params->rows; n++) {
        const safe_softmax_factor_t row = safe_softmax_row(params, exponentials, input);
        /* 31 + shift fractional bits down to 8; beyond 31 even the largest rounds to 0. */
        const int32_t exponent = row.shift + 23;
        for (int32_t i = 0; i < params->depth; i++) {
            const int32_t e = safe_softmax_exponential(params, exponentials, row.most, input[i]);
            int32_t result = 0;
            if (exponent <= 31) {
                result = safe_shift_right_rounding(safe_multiply_high(row.factor, e), exponent);
            }
            output[i] = (int8_t)(result > UINT8_MAX ? INT8_MAX : result + INT8_MIN);
        }
        input += params->depth;
        output += params->depth;
    }
}
