/* SPDX-License-Identifier: Apache-2.0 */
/** @file rows.h A ring of the last rows of floats, and their mean. Storage is the caller's. */
#ifndef SAFE_ROWS_H
#define SAFE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The last `rows` rows of `width` floats. */
typedef struct safe_rows {
    float *values; /**< [rows * width] */
    uint16_t rows;
    uint16_t width;
    uint16_t head;  /**< Slot of the next row. */
    uint16_t count; /**< Rows held, up to `rows`. */
} safe_rows_t;

/** Forgets all rows. */
void safe_rows_clear(safe_rows_t *ring);

/** Returns the slot [width] for the newest row and moves on; the oldest row is lost. */
float *safe_rows_push(safe_rows_t *ring);

/** True once `rows` rows were pushed since the last clear. */
bool safe_rows_are_full(const safe_rows_t *ring);

/** Writes the mean of all rows to `mean` [width]: summed slot 0 first, whatever its age, times
 * 1 / rows. The ring is full. */
void safe_rows_mean(const safe_rows_t *ring, float *mean);

#ifdef __cplusplus
}
#endif

#endif
