/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_3x3_rv32.h int8 depthwise convolution 3 x 3 for RV32. */
#ifndef SAFE_KERNEL_DEPTHWISE_CONV_2D_3X3_RV32_H
#define SAFE_KERNEL_DEPTHWISE_CONV_2D_3X3_RV32_H

#include <stdint.h>

#include "safe/kernel/depthwise_rv32.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The same bytes as safe_kernel_depthwise_conv_2d_s8_rv32 and the same arguments, for three lines
 * of three taps without dilation and a stride of one line across. */
void safe_kernel_depthwise_conv_2d_3x3_s8_rv32(const safe_depthwise_rv32_params_t *params,
                                               const int8_t *input, const int8_t *weights,
                                               const int32_t *channels, void *scratch,
                                               int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
