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

void safe_rows_mean(const safe_rows_t *ring, float *mean)
{
    float inv_rows = 1.0f / (float)ring->rows;

    for (size_t c = 0; c < ring->width; c++) {
        const float *value = &ring->values[c];
        float total = *value;

        for (size_t row = 1; row < ring->rows; row++) {
            value += ring->width;
            total = total + *value;
        }
        mean[c] = total * inv_rows;
    }
}
