/* SPDX-License-Identifier: Apache-2.0 */
/** @file mean.c Reference int8 mean: four outputs at a time. */
#include "safe/kernel/goal.h"

#include "safe/kernel/mean.h"

#include "safe/fixed_point.h"

/** Outputs that are summed together. */
#define LANES 4

/** Adds `axis` of LANES outputs whose first elements lie `lane_step` apart. */
static void add_lanes(const int8_t *input, int32_t lane_step, const safe_reduction_axis_t *axis,
                      int32_t sum[LANES])
{
    const int8_t *second = &input[2 * lane_step];
    int32_t s0 = sum[0];
    int32_t s1 = sum[1];
    int32_t s2 = sum[2];
    int32_t s3 = sum[3];
    int32_t at = 0;
    for (int32_t left = axis->count; left > 0; left--) {
        s0 += input[at];
        s1 += input[at + lane_step];
        s2 += second[at];
        s3 += second[at + lane_step];
        at += axis->step;
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
}

/** Adds `axis` of one output. */
static void add_one(const int8_t *input, const safe_reduction_axis_t *axis, int32_t *sum)
{
    int32_t total = *sum;
    int32_t at = 0;
    for (int32_t left = axis->count; left > 0; left--) {
        total += input[at];
        at += axis->step;
    }
    *sum = total;
}

/** Adds all elements of `lanes` outputs, the first of which starts at `input`. */
static void add_all(const safe_mean_params_t *params, const int8_t *input, int32_t lanes,
                    int32_t sum[LANES])
{
    for (int32_t a = 0; a < params->loops.reduced0.count; a++) {
        for (int32_t b = 0; b < params->loops.reduced1.count; b++) {
            const int8_t *run =
                &input[a * params->loops.reduced0.step + b * params->loops.reduced1.step];
            if (lanes == LANES) {
                add_lanes(run, params->loops.kept2.step, &params->loops.reduced2, sum);
            } else {
                add_one(run, &params->loops.reduced2, sum);
            }
        }
    }
}

void safe_kernel_mean_s8(const safe_mean_params_t *params, const int8_t *input, int8_t *output)
{
    const int32_t rows = params->loops.kept0.count * params->loops.kept1.count;
    const int32_t columns = params->loops.kept2.count;
    for (int32_t row = 0; row < rows; row++) {
        const int8_t *first = &input[safe_reduction_row(&params->loops, row)];
        int32_t lanes = 0;
        for (int32_t column = 0; column < columns; column += lanes) {
            int32_t sum[LANES] = {params->start, params->start, params->start, params->start};
            lanes = columns - column < LANES ? 1 : LANES;
            add_all(params, &first[column * params->loops.kept2.step], lanes, sum);
            for (int32_t r = 0; r < lanes; r++) {
                const int32_t scaled = safe_requantize(sum[r], params->multiplier, params->shift);
                *output++ =
                    (int8_t)safe_clamp(scaled + params->output_zero_point, INT8_MIN, INT8_MAX);
            }
        }
    }
}
