/* SPDX-License-Identifier: Apache-2.0 */
/** @file mul.c Product of int8 tensors, fast where it is scaled down. */
#include "safe/kernel/goal.h"

#include "safe/kernel/mul.h"

#include "safe/compiler.h"
#include "safe/fixed_point.h"
#include "safe/kernel/dsp.h"

/** What an element needs: the second factor and the product are doubled, as the rescaling takes it.
 */
typedef struct scaled {
    int32_t zero_point1;
    int32_t doubled_zero_point2;
    int32_t multiplier;
    int32_t addend; /**< As in safe_dsp_rescale_t. */
    int32_t shift;
} scaled_t;

/** One product. At most 2 * 255 * 255 < 2^17, far inside 32 bits. */
static inline int8_t mul_one(scaled_t e, int32_t first, int32_t second)
{
    const int32_t doubled = (first - e.zero_point1) * (2 * second - e.doubled_zero_point2);
    return safe_dsp_rescale_s8(doubled, e.multiplier, e.addend, e.shift);
}

/** One run, four elements a turn: the constants stay in registers, and the turn's own instructions
 * weigh less. @param step2 1, or 0 where the second factor repeats. */
static SAFE_NOINLINE void mul_run(const scaled_t *scaled, int32_t length, const int8_t *input1,
                                  const int8_t *input2, int32_t step2, int8_t *output)
{
    const scaled_t e = *scaled;
    int8_t *const end = &output[length];
    for (int32_t four = length / 4; four > 0; four--) {
        output[0] = mul_one(e, input1[0], *input2);
        input2 += step2;
        output[1] = mul_one(e, input1[1], *input2);
        input2 += step2;
        output[2] = mul_one(e, input1[2], *input2);
        input2 += step2;
        output[3] = mul_one(e, input1[3], *input2);
        input2 += step2;
        input1 += 4;
        output += 4;
    }
    while (output != end) {
        *output++ = mul_one(e, *input1++, *input2);
        input2 += step2;
    }
}

/** One run of any steps and scale. */
static void mul_any(const safe_mul_element_t e, const safe_broadcast_t *walk, const int8_t *input1,
                    const int8_t *input2, int8_t *output)
{
    const int32_t step1 = walk->step1;
    const int32_t step2 = walk->step2;
    for (int32_t left = walk->length; left > 0; left--) {
        const int32_t product = (*input1 - e.zero_point1) * (*input2 - e.zero_point2);
        const int32_t scaled = safe_requantize(product, e.multiplier, e.shift);
        *output++ = (int8_t)safe_clamp(scaled + e.zero_point, INT8_MIN, INT8_MAX);
        input1 += step1;
        input2 += step2;
    }
}

void safe_kernel_mul_s8(const safe_mul_params_t *params, const int8_t *input1, const int8_t *input2,
                        int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const safe_mul_element_t *e = &params->element;
    /* The addend of larger shifts would not fit; a product scaled down by so much is 0 anyway. */
    const int32_t is_down = e->shift < 0 && e->shift >= -22 && walk->step1 + walk->step2 > 0;
    const int32_t right = is_down != 0 ? -e->shift : 1;
    scaled_t scaled = {e->zero_point1, 2 * e->zero_point2, e->multiplier,
                       (2 * e->zero_point + 1) * ((int32_t)1 << (right - 1)), right};
    /* Of two factors the one that repeats is the second. */
    const int32_t is_swapped = walk->step1 == 0;
    if (is_swapped != 0) {
        scaled.zero_point1 = e->zero_point2;
        scaled.doubled_zero_point2 = 2 * e->zero_point1;
    }
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int8_t *first = &input1[start.first];
        const int8_t *second = &input2[start.second];
        if (is_down == 0) {
            mul_any(*e, walk, first, second, output);
        } else if (is_swapped != 0) {
            mul_run(&scaled, walk->length, second, first, 0, output);
        } else {
            mul_run(&scaled, walk->length, first, second, walk->step2, output);
        }
        output += walk->length;
    }
    /* int8 is limited by the rescaling; a fused activation that narrows it is rare, and comes in a
     * pass of its own. */
    if (e->low > INT8_MIN || e->high < INT8_MAX) {
        for (int32_t left = walk->rows * walk->length; left > 0; left--) {
            output--;
            *output = (int8_t)safe_clamp(*output, e->low, e->high);
        }
    }
}
