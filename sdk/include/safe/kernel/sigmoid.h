/* SPDX-License-Identifier: Apache-2.0 */
/** @file sigmoid.h int16 sigmoid and tanh by table and linear interpolation.
 *
 * Source of the arithmetic: TFLite's integer LOGISTIC and TANH for int16. The table holds
 * sigmoid(k / 24) in 0.16 for k in [0, 255]; see `codegen/sigmoid_table.py` for its values.
 */
#ifndef SAFE_KERNEL_SIGMOID_H
#define SAFE_KERNEL_SIGMOID_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Entries of the sigmoid table. */
#define SAFE_SIGMOID_ENTRIES 256

/** sigmoid(value / 2^12) in Q0.15. @param table SAFE_SIGMOID_ENTRIES values. */
static inline int16_t safe_sigmoid_s16(int16_t value, const uint16_t *table)
{
    /* |scaled| <= 98304: the index is at most 192, and the result stays below 2^25. */
    const int32_t scaled = (int32_t)value * 3;
    const int32_t magnitude = scaled < 0 ? -scaled : scaled;
    const uint16_t *entry = &table[magnitude >> 9];
    const int32_t low = entry[0];
    const int32_t high = entry[1];
    const int32_t result = (low << 9) + (magnitude & 511) * (high - low);
    const int32_t rounded = scaled < 0 ? ((int32_t)1 << 25) - result + 511 : result + 512;
    return (int16_t)(rounded >> 10);
}

/**
 * tanh in Q0.15. The table argument is value * multiplier / 2^shift, rounded half up.
 *
 * @param multiplier 3 * 2^k with k <= 14, so that the product fits. @param shift In [0, 15].
 */
static inline int16_t safe_tanh_s16(int16_t value, int32_t multiplier, int32_t shift,
                                    const uint16_t *table)
{
    const int32_t rounding = (int32_t)(((uint32_t)1 << shift) >> 1);
    const int32_t scaled = ((int32_t)value * multiplier + rounding) >> shift;
    const int32_t magnitude = scaled < 0 ? -scaled : scaled;
    int32_t result = 0xFFFF << 8;
    if ((magnitude >> 8) < SAFE_SIGMOID_ENTRIES - 1) {
        const uint16_t *entry = &table[magnitude >> 8];
        const int32_t low = entry[0];
        const int32_t high = entry[1];
        result = (low << 8) + (magnitude & 255) * (high - low);
    }
    /* 2 * sigmoid - 1: 2^23 is one half of the 0.24 result. */
    const int32_t rounded =
        scaled < 0 ? ((int32_t)1 << 23) - result + 127 : result - ((int32_t)1 << 23) + 128;
    return (int16_t)(rounded >> 8);
}

#ifdef __cplusplus
}
#endif

#endif
