/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/rows.h"

#include <stddef.h>

#include "safe/exact_float.h"

void safe_rows_clear(safe_rows_t *ring)
{
    ring->head = 0;
    ring->count = 0;
}

float *safe_rows_push(safe_rows_t *ring)
{
    float *slot = &ring->values[(size_t)ring->head * ring->width];

    ring->head = (uint16_t)(ring->head + 1u < ring->rows ? ring->head + 1u : 0u);
    if (ring->count < ring->rows) {
        ring->count++;
    }
    return slot;
}

bool safe_rows_are_full(const safe_rows_t *ring)
{
    return ring->count == ring->rows;
}

/** Means of four columns side by side. @param value the first of them in slot 0. */
static void mean_of_four(const safe_rows_t *ring, const float *value, float inv_rows, float *mean)
{
    size_t width = ring->width;
    const float *end = value + (size_t)ring->rows * width;
    float total0 = value[0];
    float total1 = value[1];
    float total2 = value[2];
    float total3 = value[3];

    for (value += width; value != end; value += width) {
        total0 = total0 + value[0];
        total1 = total1 + value[1];
        total2 = total2 + value[2];
        total3 = total3 + value[3];
    }
    mean[0] = total0 * inv_rows;
    mean[1] = total1 * inv_rows;
    mean[2] = total2 * inv_rows;
    mean[3] = total3 * inv_rows;
}

void safe_rows_mean(const safe_rows_t *ring, float *mean)
{
    float inv_rows = 1.0f / (float)ring->rows;
    size_t c = 0;

    for (; c + 4u <= ring->width; c += 4u) {
        mean_of_four(ring, &ring->values[c], inv_rows, &mean[c]);
    }
    for (; c < ring->width; c++) {
        const float *value = &ring->values[c];
        float total = *value;

        for (size_t row = 1; row < ring->rows; row++) {
            value += ring->width;
            total = total + *value;
        }
        mean[c] = total * inv_rows;
    }
}
