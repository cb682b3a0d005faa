/* SPDX-License-Identifier: Apache-2.0 */
/** @file broadcast.h How element-wise operators of two inputs walk through them. */
#ifndef SAFE_KERNEL_BROADCAST_H
#define SAFE_KERNEL_BROADCAST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Outer axes of a broadcast: with the inner run, ranks up to 6. */
#define SAFE_BROADCAST_AXES 5

/** One outer axis; axis[0] varies fastest. Steps are in elements, 0 where the input repeats. */
typedef struct safe_broadcast_axis {
    int32_t count; /**< At least 1. */
    int32_t step1; /**< In the first input. */
    int32_t step2; /**< In the second input. */
} safe_broadcast_axis_t;

/** `rows` runs of `length` elements; equal shapes are one row without axes. */
typedef struct safe_broadcast {
    int32_t rows;   /**< Number of runs, the product of the counts. */
    int32_t length; /**< Number of elements in a run. */
    int32_t step1;  /**< Step in the first input within a run: 1, or 0 where one value repeats. */
    int32_t step2;  /**< Step in the second input within a run. */
    int32_t axes;   /**< Number of entries of `axis` in use. */
    safe_broadcast_axis_t axis[SAFE_BROADCAST_AXES];
} safe_broadcast_t;

/** Index of the element at which a row starts, in each input. */
typedef struct safe_broadcast_start {
    int32_t first;
    int32_t second;
} safe_broadcast_start_t;

/** @return The start of row `row` of `walk`. @param row In [0, rows). */
static inline safe_broadcast_start_t safe_broadcast_row(const safe_broadcast_t *walk, int32_t row)
{
    safe_broadcast_start_t start = {0, 0};
    for (int32_t a = 0; a < walk->axes; a++) {
        const int32_t index = row % walk->axis[a].count;
        start.first += index * walk->axis[a].step1;
        start.second += index * walk->axis[a].step2;
        row /= walk->axis[a].count;
    }
    return start;
}

#ifdef __cplusplus
}
#endif

#endif
