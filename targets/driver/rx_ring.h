/* SPDX-License-Identifier: Apache-2.0 */
/** @file rx_ring.h The receive ring between a UART's interrupt handler and the main context.
 *
 * Included by the one file of a driver folder that has the handler. Everything is inlined: a
 * handler calls nothing. Who writes what:
 *   bytes, head, overrun   the handler only
 *   tail                   the main context only
 * One core, aligned 32-bit words: each access is whole, and volatile keeps their order.
 */
#ifndef SAFE_RX_RING_H
#define SAFE_RX_RING_H

#include <stddef.h>
#include <stdint.h>

#include "safe/port.h"
#include "safe_target.h"

#define SAFE_RX_RING_MASK (SAFE_TARGET_RX_RING_BYTES - 1u) /* a power of two: targets/load.py */

typedef struct safe_rx_ring {
    volatile uint8_t bytes[SAFE_TARGET_RX_RING_BYTES];
    volatile uint32_t head;
    volatile uint32_t tail;
} safe_rx_ring_t;

/** Keeps one received byte; returns SAFE_PORT_RX_OVERRUN when there is no room, 0 when well. */
static inline __attribute__((always_inline)) uint32_t safe_rx_ring_put(safe_rx_ring_t *ring,
                                                                       uint32_t byte)
{
    uint32_t head = ring->head;
    if (head - ring->tail >= SAFE_TARGET_RX_RING_BYTES) {
        return SAFE_PORT_RX_OVERRUN;
    }
    ring->bytes[head & SAFE_RX_RING_MASK] = (uint8_t)byte;
    ring->head = head + 1u;
    return 0;
}

/** Takes up to `capacity` bytes; returns how many. Main context only. */
static inline size_t safe_rx_ring_take(safe_rx_ring_t *ring, uint8_t *bytes, size_t capacity)
{
    uint32_t tail = ring->tail;
    size_t held = ring->head - tail;
    size_t count = held < capacity ? held : capacity;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = ring->bytes[tail & SAFE_RX_RING_MASK];
        tail++;
    }
    ring->tail = tail;
    return count;
}

#endif
