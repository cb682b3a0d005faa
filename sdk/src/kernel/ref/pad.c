/* SPDX-License-Identifier: Apache-2.0 */
/** @file pad.c Reference padding: the output is written from front to back. */
#include "safe/kernel/goal.h"

#include "safe/kernel/pad.h"

#include <stddef.h>
#include <string.h>

/** What is left of the output. */
typedef struct pad_target {
    int8_t *next;
    int32_t left_bytes;
    int32_t value;
} pad_target_t;

/** Writes a border; the last one is cut where the output ends. */
static void fill(pad_target_t *target, int32_t bytes)
{
    const int32_t count = bytes < target->left_bytes ? bytes : target->left_bytes;
    (void)memset(target->next, target->value, (size_t)count);
    target->next += count;
    target->left_bytes -= count;
}

/** Copies axis3.count runs, each with its border, and returns where the input goes on. */
static const int8_t *copy_runs(const safe_pad_params_t *params, const int8_t *input,
                               pad_target_t *target)
{
    for (int32_t n = 0; n < params->axis3.count; n++) {
        (void)memcpy(target->next, input, (size_t)params->run_bytes);
        target->next += params->run_bytes;
        target->left_bytes -= params->run_bytes;
        input += params->run_bytes;
        fill(target, params->run_gap_bytes);
    }
    fill(target, params->axis3.gap_bytes);
    return input;
}

void safe_kernel_pad_bytes(const safe_pad_params_t *params, const void *input, void *output)
{
    pad_target_t target = {output, params->output_bytes, params->value};
    const int8_t *from = input;
    fill(&target, params->first_bytes);
    for (int32_t a = 0; a < params->axis0.count; a++) {
        for (int32_t b = 0; b < params->axis1.count; b++) {
            for (int32_t c = 0; c < params->axis2.count; c++) {
                from = copy_runs(params, from, &target);
            }
            fill(&target, params->axis2.gap_bytes);
        }
        fill(&target, params->axis1.gap_bytes);
    }
    fill(&target, params->axis0.gap_bytes);
}
