/* SPDX-License-Identifier: Apache-2.0 */
/** @file window.h Two rings: the samples that the model sees, and sums of its forecasts.
 *
 * Storage is the caller's; lengths are checked once, by safe_detector_init.
 */
#ifndef SAFE_WINDOW_H
#define SAFE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The last `window` quantized samples. */
typedef struct safe_window {
    int8_t *samples; /**< [window * channels] */
    uint16_t window;
    uint16_t channels;
    uint16_t head;  /**< Slot of the next sample; the oldest one once the ring is full. */
    uint16_t count; /**< Samples held, up to `window`. */
} safe_window_t;

/** Sums of the forecasts made so far, one for each of the next `horizon` samples. */
typedef struct safe_horizon {
    int32_t *sums; /**< [horizon * channels] */
    uint16_t horizon;
    uint16_t channels;
    uint16_t head; /**< Slot of the coming sample. */
} safe_horizon_t;

/** Forgets all samples. */
void safe_window_clear(safe_window_t *window);

/** Returns the slot [channels] for the newest sample and moves on; the oldest sample is lost. */
int8_t *safe_window_push(safe_window_t *window);

/** True once `window` samples were pushed since the last clear. */
bool safe_window_is_full(const safe_window_t *window);

/** Copies the samples oldest first to `destination` [window * channels]; the ring is full. */
void safe_window_copy(const safe_window_t *window, int8_t *destination);

/** Sets all sums to 0. */
void safe_horizon_clear(safe_horizon_t *horizon);

/** Returns the sums [channels] for the coming sample. */
const int32_t *safe_horizon_sums(const safe_horizon_t *horizon);

/** Moves on by one sample: the slot just left is cleared for the sample `horizon` later. */
void safe_horizon_advance(safe_horizon_t *horizon);

/** Adds one forecast [horizon * channels], nearest sample first. At most `horizon` forecasts
 * meet in one slot, so |sum| <= 128 * 65535 < 2^24. */
void safe_horizon_add(safe_horizon_t *horizon, const int8_t *forecast);

#ifdef __cplusplus
}
#endif

#endif
