/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_plane.h One channel of an image as a plane of its own, with its padding. */
#ifndef SAFE_KERNEL_DEPTHWISE_PLANE_H
#define SAFE_KERNEL_DEPTHWISE_PLANE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One axis of the image. */
typedef struct safe_depthwise_axis {
    int32_t before;      /**< Positions of padding before the first input. */
    int32_t seen;        /**< Input positions that some output sees. */
    int32_t input_step;  /**< Bytes from an input position to the next. */
    int32_t output;      /**< Number of output positions. */
    int32_t output_step; /**< Bytes from an output position to the next. */
} safe_depthwise_axis_t;

/** A plane: lines of bytes, one behind the other. */
typedef struct safe_depthwise_plane {
    safe_depthwise_axis_t line; /**< The axis along which a line lies. */
    safe_depthwise_axis_t across;
    int32_t line_bytes;
} safe_depthwise_plane_t;

/** Copies what is seen of one channel to the middle of the plane; what lies around it stays as it
 * is. @param image First value of the channel. */
void safe_depthwise_copy(const safe_depthwise_plane_t *plane, const int8_t *image, int8_t *to);

#ifdef __cplusplus
}
#endif

#endif
