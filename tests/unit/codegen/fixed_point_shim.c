/* SPDX-License-Identifier: Apache-2.0 */
/** @file fixed_point_shim.c Gives the inline functions symbols, arrays at a time, for the tests. */
#include "safe/fixed_point.h"
#include "safe/kernel/sigmoid.h"

void shim_requantize(const int32_t *value, const int32_t *multiplier, const int32_t *shift,
                     int32_t count, int32_t *result);
void shim_multiply_high(const int32_t *value, const int32_t *multiplier, int32_t count,
                        int32_t *result);
void shim_shift_right(const int32_t *value, const int32_t *exponent, int32_t count,
                      int32_t *result);
void shim_sigmoid(const uint16_t *table, int16_t *result);
void shim_tanh(const uint16_t *table, int32_t multiplier, int32_t shift, int16_t *result);

void shim_requantize(const int32_t *value, const int32_t *multiplier, const int32_t *shift,
                     int32_t count, int32_t *result)
{
    for (int32_t i = 0; i < count; i++) {
        result[i] = safe_requantize(value[i], multiplier[i], shift[i]);
    }
}

void shim_multiply_high(const int32_t *value, const int32_t *multiplier, int32_t count,
                        int32_t *result)
{
    for (int32_t i = 0; i < count; i++) {
        result[i] = safe_multiply_high(value[i], multiplier[i]);
    }
}

void shim_shift_right(const int32_t *value, const int32_t *exponent, int32_t count, int32_t *result)
{
    for (int32_t i = 0; i < count; i++) {
        result[i] = safe_shift_right_rounding(value[i], exponent[i]);
    }
}

/* Both: result[i] belongs to the value i - 32768. */
void shim_sigmoid(const uint16_t *table, int16_t *result)
{
    for (int32_t i = 0; i < 65536; i++) {
        result[i] = safe_sigmoid_s16((int16_t)(i - 32768), table);
    }
}

void shim_tanh(const uint16_t *table, int32_t multiplier, int32_t shift, int16_t *result)
{
    for (int32_t i = 0; i < 65536; i++) {
        result[i] = safe_tanh_s16((int16_t)(i - 32768), multiplier, shift, table);
    }
}
