/* SPDX-License-Identifier: Apache-2.0 */
/** @file reduction.h How reductions over some axes walk through their input. */
#ifndef SAFE_KERNEL_REDUCTION_H
#define SAFE_KERNEL_REDUCTION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One loop over the input. */
typedef struct safe_reduction_axis {
    int32_t count; /**< At least 1. */
    int32_t step;  /**< Elements from one index to the next. */
} safe_reduction_axis_t;

/** All loops: neighbouring axes of one sort are joined to one. */
typedef struct safe_reduction {
    safe_reduction_axis_t kept0; /**< Axes of the output, outermost first. */
    safe_reduction_axis_t kept1;
    safe_reduction_axis_t kept2;
    safe_reduction_axis_t reduced0; /**< Axes that are reduced, outermost first. */
    safe_reduction_axis_t reduced1;
    safe_reduction_axis_t reduced2;
} safe_reduction_t;

/** @return The first input element of `row`, an index of kept0 and kept1 together. */
static inline int32_t safe_reduction_row(const safe_reduction_t *loops, int32_t row)
{
    return row / loops->kept1.count * loops->kept0.step +
           row % loops->kept1.count * loops->kept1.step;
}

#ifdef __cplusplus
}
#endif

#endif
