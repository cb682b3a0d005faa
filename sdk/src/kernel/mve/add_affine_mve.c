/* SPDX-License-Identifier: Apache-2.0 */
/** @file add_affine_mve.c Sum and difference of int8 tensors, four elements at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/add_affine_mve.h"

#include "safe/kernel/mve.h"

/** The expression, its start and limits in every lane. */
typedef struct affine {
    int32_t factor1;
    int32_t factor2;
    safe_mve_s32_t start;
    safe_mve_s32_t low;
    safe_mve_s32_t high;
} affine_t;

static inline safe_mve_s32_t affine_four(const affine_t *e, safe_mve_s32_t first,
                                         safe_mve_s32_t second)
{
    safe_mve_s32_t sum = safe_mve_mla_n(e->start, first, e->factor1);
    sum = SAFE_MVE_SHR(safe_mve_mla_n(sum, second, e->factor2), 21);
    return safe_mve_min(safe_mve_max(sum, e->low), e->high);
}

/** One run. An output may lie over an input: each element is read before it is written. */
static inline void affine_run(const affine_t *e, int32_t length, const int8_t *input1,
                              const int8_t *input2, int8_t *output)
{
    const int32_t rest = length % SAFE_MVE_LANES;
    for (int32_t four = length / SAFE_MVE_LANES; four > 0; four--) {
        const safe_mve_s32_t first = safe_mve_load_s8(input1);
        const safe_mve_s32_t second = safe_mve_load_s8(input2);
        safe_mve_store_s8(output, affine_four(e, first, second));
        input1 += SAFE_MVE_LANES;
        input2 += SAFE_MVE_LANES;
        output += SAFE_MVE_LANES;
    }
    if (rest > 0) {
        const safe_mve_s32_t first = safe_mve_load_some_s8(input1, rest);
        const safe_mve_s32_t second = safe_mve_load_some_s8(input2, rest);
        safe_mve_store_some_s8(output, affine_four(e, first, second), rest);
    }
}

void safe_kernel_add_affine_s8_mve(const safe_add_affine_params_t *params, const int8_t *input1,
                                   const int8_t *input2, int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    affine_t e = {params->factor1, params->factor2, safe_mve_dup(params->start),
                  safe_mve_dup(params->low), safe_mve_dup(params->high)};
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        const int8_t *first = &input1[start.first];
        const int8_t *second = &input2[start.second];
        /* A value that repeats becomes part of the start; what is read in its place counts 0. */
        if (walk->step2 == 0) {
            e.start = safe_mve_dup(params->start + *second * params->factor2);
            e.factor2 = 0;
            second = first;
        } else if (walk->step1 == 0) {
            e.start = safe_mve_dup(params->start + *first * params->factor1);
            e.factor1 = 0;
            first = second;
        }
        affine_run(&e, walk->length, first, second, output);
        output += walk->length;
    }
}
