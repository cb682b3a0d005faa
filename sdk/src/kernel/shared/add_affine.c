/* SPDX-License-Identifier: Apache-2.0 */
/** @file add_affine.c Sum and difference of int8 tensors by two multiplications for each element.
 */
#include "safe/kernel/goal.h"

#include "safe/kernel/add_affine.h"

#include "safe/compiler.h"
#include "safe/fixed_point.h"
#include "safe/kernel/dsp_limit.h"

/** The expression. */
typedef struct affine {
    int32_t factor1;
    int32_t factor2;
    int32_t start;
} affine_t;

static inline int8_t affine_one(affine_t e, int32_t first, int32_t second)
{
    return (int8_t)safe_dsp_ssat8_q21(e.start + first * e.factor1 + second * e.factor2);
}

/** One run, four elements a turn: the constants stay in registers, and the turn's own instructions
 * weigh less. An output may lie over an input, as each element is read before it is written. */
static SAFE_NOINLINE void affine_run(const affine_t *affine, int32_t length, const int8_t *input1,
                                     const int8_t *input2, int8_t *output)
{
    const affine_t e = *affine;
    int8_t *const end = &output[length];
    for (int32_t four = length / 4; four > 0; four--) {
        output[0] = affine_one(e, input1[0], input2[0]);
        output[1] = affine_one(e, input1[1], input2[1]);
        output[2] = affine_one(e, input1[2], input2[2]);
        output[3] = affine_one(e, input1[3], input2[3]);
        input1 += 4;
        input2 += 4;
        output += 4;
    }
    while (output != end) {
        *output++ = affine_one(e, *input1++, *input2++);
    }
}

void safe_kernel_add_affine_s8(const safe_add_affine_params_t *params, const int8_t *input1,
                               const int8_t *input2, int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int8_t *first = &input1[start.first];
        const int8_t *second = &input2[start.second];
        affine_t e = {params->factor1, params->factor2, params->start};
        /* A value that repeats becomes part of the start; what is read in its place counts 0. */
        if (walk->step2 == 0) {
            e.start += *second * e.factor2;
            e.factor2 = 0;
            second = first;
        } else if (walk->step1 == 0) {
            e.start += *first * e.factor1;
            e.factor1 = 0;
            first = second;
        }
        affine_run(&e, walk->length, first, second, output);
        output += walk->length;
    }
    /* int8 is limited by the shift itself; a fused activation that narrows it is rare, and comes in
     * a pass of its own. */
    if (params->low > INT8_MIN || params->high < INT8_MAX) {
        for (int32_t left = walk->rows * walk->length; left > 0; left--) {
            output--;
            *output = (int8_t)safe_clamp(*output, params->low, params->high);
        }
    }
}
