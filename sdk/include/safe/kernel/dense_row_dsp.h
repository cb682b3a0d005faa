/* SPDX-License-Identifier: Apache-2.0 */
/** @file dense_row_dsp.h One row of int8 outputs, each from the same expanded values: what a
 * matrix product and a convolution by single positions share. */
#ifndef SAFE_KERNEL_DENSE_ROW_DSP_H
#define SAFE_KERNEL_DENSE_ROW_DSP_H

#include <stdint.h>

#include "safe/kernel/dense_weights_dsp.h"
#include "safe/kernel/dot8_dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** output[u] = clamp(requantize(start[u] + sum_k values[k] * weights[u][k]) + zero point).
 * @param expanded From safe_dsp_expand. @param output row->units values. */
void safe_dsp_dense_row(const safe_dense_row_t *row, const safe_dense_weights_t *constants,
                        const uint32_t *expanded, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
