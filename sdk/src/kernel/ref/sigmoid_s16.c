/* SPDX-License-Identifier: Apache-2.0 */
/** @file sigmoid_s16.c Reference int16 sigmoid and tanh. */
#include "safe/kernel/goal.h"

#include "safe/kernel/sigmoid_s16.h"

#include "safe/kernel/sigmoid.h"

/** @return value * multiplier / 2^shift, rounded half up; |result| <= 2^30. */
static int32_t table_argument(const safe_sigmoid_params_t *params, int16_t value)
{
    const int64_t rounding = ((int64_t)1 << params->shift) >> 1;
    return (int32_t)(((int64_t)value * params->multiplier + rounding) >> params->shift);
}

/** @return The table between the entries around `magnitude` / 2^fraction, times 2^fraction.
 * @param limit The result beyond the table. */
static int32_t interpolated(const uint16_t *table, int32_t magnitude, int32_t fraction,
                            int32_t limit)
{
    const int32_t index = magnitude >> fraction;
    if (index >= SAFE_SIGMOID_ENTRIES - 1) {
        return limit;
    }
    const int32_t low = table[index];
    const int32_t high = table[index + 1];
    const int32_t rest = magnitude & (((int32_t)1 << fraction) - 1);
    return low * ((int32_t)1 << fraction) + rest * (high - low);
}

void safe_kernel_logistic_s16(const safe_sigmoid_params_t *params, const int16_t *input,
                              const uint16_t *table, int16_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        const int32_t scaled = table_argument(params, input[i]);
        const int32_t magnitude = scaled < 0 ? -scaled : scaled;
        const int32_t result = interpolated(table, magnitude, 9, 0x7FFF << 10);
        const int32_t rounded = scaled < 0 ? ((int32_t)1 << 25) - result + 511 : result + 512;
        output[i] = (int16_t)(rounded >> 10);
    }
}

void safe_kernel_tanh_s16(const safe_sigmoid_params_t *params, const int16_t *input,
                          const uint16_t *table, int16_t *output)
{
    for (int32_t i = 0; i < params->length; i++) {
        const int32_t scaled = table_argument(params, input[i]);
        const int32_t magnitude = scaled < 0 ? -scaled : scaled;
        const int32_t result = interpolated(table, magnitude, 8, 0xFFFF << 8);
        /* 2 * sigmoid - 1: 2^23 is one half of the 0.24 result. */
        const int32_t rounded =
            scaled < 0 ? ((int32_t)1 << 23) - result + 127 : result - ((int32_t)1 << 23) + 128;
        output[i] = (int16_t)(rounded >> 8);
    }
}
