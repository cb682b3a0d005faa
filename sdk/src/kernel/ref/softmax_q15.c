/* SPDX-License-Identifier: Apache-2.0 */
/** @file softmax_q15.c Reference softmax of int16 values. */
#include "safe/kernel/goal.h"

#include "safe/kernel/softmax_q15.h"

#include "safe/fixed_point.h"

/** @return The entry of `table` for `value`, interpolated. @param value In the range of int16. */
static int32_t interpolated(const int16_t *table, int32_t value)
{
    const uint32_t place = (uint32_t)(value + 32768);
    const int16_t *entry = &table[place >> 7];
    const int32_t slope = entry[1] - entry[0];
    return entry[0] + ((slope * (int32_t)(place & 127u) + 64) >> 7);
}

/** @return The exponential of a difference that is not positive, in Q0.15. */
static int32_t exponential(const safe_softmax_q15_params_t *params, const int16_t *exponentials,
                           int32_t difference)
{
    const int32_t scaled = safe_requantize(difference, params->multiplier, params->shift);
    /* Clamped first: the sum with 32767 stays in int32. */
    return interpolated(exponentials, safe_clamp(scaled, -65535, 0) + 32767);
}

/** Computes one row. */
static void softmax_row(const safe_softmax_q15_params_t *params, const int16_t *input,
                        const int16_t *exponentials, const int16_t *reciprocals, int16_t *output)
{
    int32_t most = INT16_MIN;
    for (int32_t d = 0; d < params->depth; d++) {
        most = input[d] > most ? input[d] : most;
    }
    int32_t sum = 0;
    for (int32_t d = 0; d < params->depth; d++) {
        const int32_t power = exponential(params, exponentials, input[d] - most);
        output[d] = (int16_t)power;
        sum += power;
    }
    /* The largest value alone gives 32767, so the sum has 15 bits or more. */
    int32_t zeros = 0;
    while (((uint32_t)sum >> (31 - zeros)) == 0u) {
        zeros++;
    }
    const int32_t shifted = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
    const int32_t centred = safe_clamp(shifted - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX);
    const int32_t reciprocal = interpolated(reciprocals, centred);
    const int32_t right = 31 - zeros;
    for (int32_t d = 0; d < params->depth; d++) {
        const int64_t product = (int64_t)output[d] * reciprocal;
        const int64_t scaled = (product + ((int64_t)1 << (right - 1))) >> right;
        output[d] = (int16_t)safe_clamp((int32_t)scaled, 0, INT16_MAX);
    }
}

void safe_kernel_softmax_q15(const safe_softmax_q15_params_t *params, const int16_t *input,
                             const int16_t *exponentials, const int16_t *reciprocals,
                             int16_t *output)
{
    for (int32_t row = 0; row < params->rows; row++) {
        const int32_t start = row * params->depth;
        softmax_row(params, &input[start], exponentials, reciprocals, &output[start]);
    }
}
