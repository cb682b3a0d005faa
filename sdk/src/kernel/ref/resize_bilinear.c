/* SPDX-License-Identifier: Apache-2.0 */
/** @file resize_bilinear.c Reference interpolation between pixels. */
#include "safe/kernel/goal.h"

#include "safe/kernel/resize.h"

/** One row or column of the output between two of the input: entries of `between`. */
enum { LOW, HIGH, WEIGHT, ENTRIES };

/** Weight of both rows or both columns together. */
#define ONE 1024

/** Interpolates one pixel between the neighbours that `row` and `column` name.
 * @return The end of what was written. */
static int8_t *pixel(const int8_t *image, int32_t channels, const int32_t *row,
                     const int32_t *column, int8_t *output)
{
    const int32_t half = ONE * ONE / 2;
    for (int32_t c = 0; c < channels; c++) {
        const int8_t *low = &image[row[LOW] + c];
        const int8_t *high = &image[row[HIGH] + c];
        const int32_t below =
            low[column[LOW]] * (ONE - column[WEIGHT]) + low[column[HIGH]] * column[WEIGHT];
        const int32_t above =
            high[column[LOW]] * (ONE - column[WEIGHT]) + high[column[HIGH]] * column[WEIGHT];
        const int32_t sum = below * (ONE - row[WEIGHT]) + above * row[WEIGHT];
        /* C division truncates: half of the divisor first makes it round. */
        *output++ = (int8_t)((sum + (sum > 0 ? half : -half)) / (ONE * ONE));
    }
    return output;
}

void safe_kernel_resize_bilinear_s8(const safe_resize_bilinear_params_t *params,
                                    const int8_t *input, const int32_t *between, int8_t *output)
{
    const int32_t *columns = &between[ENTRIES * params->height];
    for (int32_t b = 0; b < params->batches; b++) {
        for (int32_t y = 0; y < params->height; y++) {
            for (int32_t x = 0; x < params->width; x++) {
                output = pixel(input, params->channels, &between[ENTRIES * y],
                               &columns[ENTRIES * x], output);
            }
        }
        input += params->image_elements;
    }
}
