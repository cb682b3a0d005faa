/* SPDX-License-Identifier: Apache-2.0 */
/** @file resize.h Images of another height and width. */
#ifndef SAFE_KERNEL_RESIZE_H
#define SAFE_KERNEL_RESIZE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call of safe_kernel_resize_nearest_bytes. */
typedef struct safe_resize_nearest_params {
    int32_t batches;
    int32_t image_bytes; /**< Bytes of an input image. */
    int32_t height;      /**< Rows of an output image. */
    int32_t width;       /**< Pixels of its rows. */
    int32_t pixel_bytes;
} safe_resize_nearest_params_t;

/** Constants of one call of safe_kernel_resize_bilinear_s8. */
typedef struct safe_resize_bilinear_params {
    int32_t batches;
    int32_t image_elements; /**< Elements of an input image. */
    int32_t height;         /**< Rows of an output image. */
    int32_t width;          /**< Pixels of its rows. */
    int32_t channels;
} safe_resize_bilinear_params_t;

/**
 * Copies for each output pixel the nearest one of the input.
 *
 * @param rows [height] first byte of the input row that each output row shows.
 * @param columns [width] likewise for pixels of a row.
 * @param output [batches][height][width][pixel_bytes], must not overlap the input.
 * Source of the rules: TFLM reference_ops::ResizeNearestNeighbor.
 */
void safe_kernel_resize_nearest_bytes(const safe_resize_nearest_params_t *params, const void *input,
                                      const int32_t *rows, const int32_t *columns, void *output);

/**
 * Interpolates each output pixel between four of the input, halves away from zero.
 *
 * The weight of the upper row or column is in 1/1024, that of the lower is 1024 less it; both lie
 * in
 * [-512, 1536], and a sum of four products is below 2^31.
 * @param between [height + width][3] first element of the lower row (then: column), of the upper
 * one, and the weight of the upper one.
 * @param output [batches][height][width][channels], must not overlap the input.
 * Source of the arithmetic: TFLM reference_ops::ResizeBilinearInteger.
 */
void safe_kernel_resize_bilinear_s8(const safe_resize_bilinear_params_t *params,
                                    const int8_t *input, const int32_t *between, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
