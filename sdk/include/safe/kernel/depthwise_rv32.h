/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_rv32.h Constants of the int8 depthwise convolutions for RV32. */
#ifndef SAFE_KERNEL_DEPTHWISE_RV32_H
#define SAFE_KERNEL_DEPTHWISE_RV32_H

#include <stdint.h>

#include "safe/kernel/depthwise_plane.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Largest number of taps of one line whose weights stay in registers. */
#define SAFE_DEPTHWISE_RV32_LINE 8

/** Constants of one call. */
typedef struct safe_depthwise_rv32_params {
    int32_t batches;
    int32_t input_channels;
    int32_t channel_multiplier; /**< Output channels of each input channel. */
    safe_depthwise_plane_t plane;
    int32_t plane_bytes;       /**< Size of the plane, and of what is read behind it. */
    int32_t lines;             /**< Lines of a window. */
    int32_t taps;              /**< Taps of each line of a window. */
    int32_t next_line;         /**< Bytes of the plane from a line of a window to the next. */
    int32_t next_tap;          /**< Bytes of the plane from a tap of a line to the next. */
    int32_t line_step;         /**< Bytes of the plane from an output to the next on its line. */
    int32_t across_step;       /**< Bytes of the plane from an output to the next across. */
    int32_t image_bytes;       /**< Size of one input. */
    int32_t input_zero_point;  /**< [-128, 127]; what lies outside the image. */
    int32_t output_zero_point; /**< [-128, 127] */
    int32_t output_min;        /**< Limits of the output, including a fused activation. */
    int32_t output_max;
} safe_depthwise_rv32_params_t;

/** One output channel. */
typedef struct safe_depthwise_rv32_channel {
    int32_t start; /**< Bias - input_zero_point * sum(weights). */
    int32_t multiplier;
    int32_t shift; /**< [1, 30]: right */
} safe_depthwise_rv32_channel_t;

#ifdef __cplusplus
}
#endif

#endif
