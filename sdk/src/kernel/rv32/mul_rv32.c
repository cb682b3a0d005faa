/* SPDX-License-Identifier: Apache-2.0 */
/** @file mul_rv32.c Product of int8 tensors: both roundings are one MULH, one sum and one shift. */
#include "safe/kernel/goal.h"

#include "safe/kernel/mul_rv32.h"

#include "safe/compiler.h"
#include "safe/kernel/rv32.h"

/** What an element needs. */
typedef struct scaled {
    int32_t zero_point1;
    int32_t zero_point2;
    int32_t multiplier;
    int32_t addend;
    int32_t less; /**< 2^(j - 1) */
    int32_t shift;
    int32_t low;
    int32_t high;
} scaled_t;

/**
 * Rescales 2^j times a product, which is at most 255 * 255 * 2^15 < 2^31 in magnitude.
 *
 * The first rounding of safe_requantize is floor((product * M + 2^30) / 2^31), halves up. Its
 * second one adds 2^(s - 1), one less below 0 so that halves go away from 0, and shifts by s. As a
 * floor of a floor is the floor of the whole, the sum of both may be added to the high word of 2^j
 * product * M, where 1 of the first result is 2^(j - 1). Where that rounds up to 0 the one less
 * changes nothing, as s is at least 1. The high word is below 2^16 * 2^14, the addend below 2^29 +
 * 2^22.
 */
static inline int8_t rescaled(const scaled_t e, int32_t product)
{
    int32_t value = (int32_t)(((int64_t)product * e.multiplier) >> 32) + e.addend;
    if (product < 0) {
        value -= e.less;
        SAFE_RV32_WHOLE(value); /* a branch, which is shorter than a mask */
    }
    value = safe_rv32_clamp(value >> e.shift, e.low, e.high);
    SAFE_RV32_WHOLE(value);
    return (int8_t)value;
}

/** One run, four elements a turn. An output may lie over an input, as each element is read before
 * it is written. */
static SAFE_NOINLINE void run_pairs(const scaled_t *scaled, int32_t scale, int32_t length,
                                    const int8_t *input1, const int8_t *input2, int8_t *output)
{
    const scaled_t e = *scaled;
    const int8_t *const fours = &output[length & ~3];
    const int8_t *const end = &output[length];
#define ELEMENT(i)                                                                                 \
    output[i] = rescaled(e, (input1[i] - e.zero_point1) * (input2[i] - e.zero_point2) * scale)
    while (output != fours) {
        ELEMENT(0);
        ELEMENT(1);
        ELEMENT(2);
        ELEMENT(3);
        input1 += 4;
        input2 += 4;
        output += 4;
    }
    while (output != end) {
        ELEMENT(0);
        input1++;
        input2++;
        output++;
    }
#undef ELEMENT
}

/** The same where the second factor is one value. @param factor That, less its zero point, times
 * 2^j. */
static SAFE_NOINLINE void run_repeated(const scaled_t *scaled, int32_t factor, int32_t length,
                                       const int8_t *input1, int8_t *output)
{
    const scaled_t e = *scaled;
    const int8_t *const fours = &output[length & ~3];
    const int8_t *const end = &output[length];
#define ELEMENT(i) output[i] = rescaled(e, (input1[i] - e.zero_point1) * factor)
    while (output != fours) {
        ELEMENT(0);
        ELEMENT(1);
        ELEMENT(2);
        ELEMENT(3);
        input1 += 4;
        output += 4;
    }
    while (output != end) {
        ELEMENT(0);
        input1++;
        output++;
    }
#undef ELEMENT
}

void safe_kernel_mul_s8_rv32(const safe_mul_rv32_params_t *params, const int8_t *input1,
                             const int8_t *input2, int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const scaled_t scaled = {params->zero_point1, params->zero_point2, params->multiplier,
                             params->addend,      params->scale / 2,   params->shift,
                             params->low,         params->high};
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int8_t *first = &input1[start.first];
        const int8_t *second = &input2[start.second];
        if (walk->step2 != 0) {
            run_pairs(&scaled, params->scale, walk->length, first, second, output);
        } else {
            run_repeated(&scaled, (*second - params->zero_point2) * params->scale, walk->length,
                         first, output);
        }
        output += walk->length;
    }
}
