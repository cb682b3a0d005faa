/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_few_rv32.c int8 matrix product, four rows at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/fully_connected_few_rv32.h"

#include "safe/kernel/rv32.h"

/** Sums of four rows; returns the end of their weights. @param end End of the values. */
static inline const int8_t *four_rows(const int8_t *weights, const int8_t *values,
                                      const int8_t *end, const int32_t *start, int32_t *sums)
{
    int32_t a0 = start[0];
    int32_t a1 = start[1];
    int32_t a2 = start[2];
    int32_t a3 = start[3];
    do {
        const int32_t value = *values++;
        a0 += value * weights[0];
        a1 += value * weights[1];
        a2 += value * weights[2];
        a3 += value * weights[3];
        weights += SAFE_FEW_RV32_ROWS;
    } while (values != end);
    sums[0] = a0;
    sums[1] = a1;
    sums[2] = a2;
    sums[3] = a3;
    return weights;
}

/** Sums of two rows. */
static inline void two_rows(const int8_t *weights, const int8_t *values, const int8_t *end,
                            const int32_t *start, int32_t *sums)
{
    int32_t a0 = start[0];
    int32_t a1 = start[1];
    do {
        const int32_t value = *values++;
        a0 += value * weights[0];
        a1 += value * weights[1];
        weights += 2;
    } while (values != end);
    sums[0] = a0;
    sums[1] = a1;
}

void safe_kernel_fully_connected_few_s8_rv32(const safe_fully_connected_few_rv32_params_t *params,
                                             const int8_t *input, const int8_t *weights,
                                             const int32_t *start, const int32_t *multiplier,
                                             const int8_t *shift, int8_t *output)
{
    const int32_t halves = 2 * params->output_zero_point + 1;
    const int32_t step = params->rescale_step;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const int8_t *end = &input[params->depth];
        const int8_t *tile = weights;
        int32_t scale = 0;
        for (int32_t row = 0; row < params->units; row += SAFE_FEW_RV32_ROWS) {
            int32_t sums[SAFE_FEW_RV32_ROWS] = {0};
            const int32_t left = params->units - row;
            if (left > 2) {
                tile = four_rows(tile, input, end, &start[row], sums);
            } else {
                two_rows(tile, input, end, &start[row], sums);
            }
            for (int32_t r = 0; r < SAFE_FEW_RV32_ROWS && r < left; r++) {
                const safe_rv32_rescale_t rescale =
                    safe_rv32_rescale_of(multiplier[scale], shift[scale], halves);
                const int32_t value = safe_rv32_rescale(sums[r], rescale);
                *output++ = (int8_t)safe_rv32_clamp(value, params->output_min, params->output_max);
                scale += step;
            }
        }
        input = end;
    }
}
