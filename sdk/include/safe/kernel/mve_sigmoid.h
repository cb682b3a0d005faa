/* SPDX-License-Identifier: Apache-2.0 */
/** @file mve_sigmoid.h safe_sigmoid_s16 and safe_tanh_s16 of four values: a line of the curve for
 * each lane by one gathering load. */
#ifndef SAFE_KERNEL_MVE_SIGMOID_H
#define SAFE_KERNEL_MVE_SIGMOID_H

#include <stdint.h>

#include "safe/kernel/mve.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Lines of the upper half of the curve; a word is 2^16 * base + slope. Where the table of
 * sigmoid.h is read at entry i, base = table[i] - i * slope - 2^15 and slope = table[i + 1] -
 * table[i] < 2^10. The last line is flat. */
#define SAFE_MVE_LINES 256

/**
 * The interpolated curve less its middle, in units of 1 / `entry` of the table's: slope * size +
 * entry * base, with the sign of x; one less in magnitude below 0.
 *
 * With r the table's interpolation and m = 2^15 * entry its middle, v = r - m. What TFLite shifts
 * by b, with h = 2^(b - 1), is m + v + h from 0 up and m - v + h - 1 below: there -v - 1 is ~v, so
 * that both are m + h + v with the bits of v flipped below 0.
 *
 * @param x The table's argument times `entry`. @param line Index of the line, in [0, 255].
 */
static inline safe_mve_s32_t safe_mve_curve(safe_mve_s32_t x, safe_mve_s32_t size,
                                            safe_mve_s32_t line, const uint32_t *lines,
                                            int32_t entry)
{
    const safe_mve_s32_t word = safe_mve_gather(lines, line);
    const safe_mve_s32_t rise = safe_mve_mul(size, safe_mve_low_u16(word));
    const safe_mve_s32_t value = safe_mve_mla_n(rise, safe_mve_high_s16(word), entry);
    return safe_mve_xor(value, safe_mve_sign(x));
}

/** sigmoid(x / 2^12) in Q0.15: safe_sigmoid_s16 of int16 values. */
static inline safe_mve_s32_t safe_mve_sigmoid(safe_mve_s32_t x, const uint32_t *lines)
{
    /* At most 3 * 2^15, line 192. */
    const safe_mve_s32_t size = safe_mve_mul_n(safe_mve_abs(x), 3);
    const safe_mve_s32_t line = SAFE_MVE_SHR(size, 9);
    return safe_mve_add_n(SAFE_MVE_RSHR(safe_mve_curve(x, size, line, lines, 512), 10), 1 << 14);
}

/** tanh in Q0.15 from the table's argument on: safe_tanh_s16. @param x |x| < 2^31; @param last 255
 * in each lane. */
static inline safe_mve_s32_t safe_mve_tanh(safe_mve_s32_t x, safe_mve_s32_t last,
                                           const uint32_t *lines)
{
    const safe_mve_s32_t size = safe_mve_abs(x);
    const safe_mve_s32_t line = safe_mve_min(SAFE_MVE_SHR(size, 8), last);
    return SAFE_MVE_RSHR(safe_mve_curve(x, size, line, lines, 256), 8);
}

#ifdef __cplusplus
}
#endif

#endif
