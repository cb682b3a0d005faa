/* SPDX-License-Identifier: Apache-2.0 */
/** @file batch_matmul.c Reference product of int8 matrices. */
#include "safe/kernel/goal.h"

#include "safe/kernel/batch_matmul.h"

#include "safe/fixed_point.h"

/** @return The sum of one output. */
static int32_t product_sum(const safe_batch_matmul_params_t *params, const int8_t *left,
                           const int8_t *right)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < params->depth; k++) {
        sum += (left[k * params->left_step] - params->left_zero_point) *
               (right[k * params->right_step] - params->right_zero_point);
    }
    return sum;
}

void safe_kernel_batch_matmul_s8(const safe_batch_matmul_params_t *params, const int8_t *left,
                                 const int8_t *right, const int32_t *starts, int8_t *output)
{
    for (int32_t b = 0; b < params->batches; b++) {
        const int8_t *rows = &left[starts[2 * b]];
        const int8_t *columns = &right[starts[2 * b + 1]];
        for (int32_t i = 0; i < params->rows; i++) {
            for (int32_t j = 0; j < params->columns; j++) {
                const int32_t sum = product_sum(params, &rows[i * params->row_step],
                                                &columns[j * params->column_step]);
                const int32_t scaled = safe_requantize(sum, params->multiplier, params->shift);
                *output++ =
                    (int8_t)safe_clamp(scaled + params->output_zero_point, INT8_MIN, INT8_MAX);
            }
        }
    }
}
