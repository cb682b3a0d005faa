/* SPDX-License-Identifier: Apache-2.0 */
/** @file fully_connected_v6m.h int8 matrix product, for Armv6-M. */
#ifndef SAFE_KERNEL_FULLY_CONNECTED_V6M_H
#define SAFE_KERNEL_FULLY_CONNECTED_V6M_H

#include <stdint.h>

#include "safe/kernel/dense_row_v6m.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_fully_connected_v6m_params {
    int32_t batches;
    safe_dense_row_v6m_t row;
} safe_fully_connected_v6m_params_t;

/**
 * The same bytes as safe_kernel_fully_connected_s8, from packed weights.
 *
 * @param input, output See safe_kernel_fully_connected_s8. @param weights, start,
 * multiplier, shift See safe_dense_weights_v6m_t. @param scratch Words for safe_v6m_widen.
 * `codegen/backends/native/v6m/packing.py` packs, and proves the bounds of safe_v6m_dot8 and
 * safe_v6m_rescale; where they do not hold the reference kernel is called.
 */
void safe_kernel_fully_connected_s8_v6m(const safe_fully_connected_v6m_params_t *params,
                                        const int8_t *input, const uint32_t *weights,
                                        const uint32_t *start, const int32_t *multiplier,
                                        const int8_t *shift, void *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
