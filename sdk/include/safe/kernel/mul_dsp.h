/* SPDX-License-Identifier: Apache-2.0 */
/** @file mul_dsp.h Product of two int8 tensors with broadcasting, for the DSP extension. */
#ifndef SAFE_KERNEL_MUL_DSP_H
#define SAFE_KERNEL_MUL_DSP_H

#include <stdint.h>

#include "safe/kernel/broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. With the multiplier M and right shift s of safe_mul_element_t: */
typedef struct safe_mul_dsp_params {
    safe_broadcast_t walk; /**< Walk whose step1 is 1. */
    int32_t zero_point1;
    int32_t zero_point2;
    int32_t multiplier; /**< 2 M - 2^32; M in [2^30, 2^31) */
    int32_t factor;     /**< 2^(32 - s); s in [2, 31] */
    int32_t zero_point;
    int32_t low; /**< Limits of the output, including a fused activation. */
    int32_t high;
} safe_mul_dsp_params_t;

/**
 * The same bytes as safe_kernel_mul_s8.
 *
 * @param input1, input2, output See there; input1 repeats along no axis of a run.
 * `codegen/backends/native/dsp/mul.py` makes the constants, and exchanges the inputs where the
 * first one repeats.
 */
void safe_kernel_mul_s8_dsp(const safe_mul_dsp_params_t *params, const int8_t *input1,
                            const int8_t *input2, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
