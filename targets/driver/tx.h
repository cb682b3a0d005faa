/* SPDX-License-Identifier: Apache-2.0 */
/** @file tx.h The polled transmitter of a UART with 32-bit registers, every wait bounded. */
#ifndef SAFE_TX_H
#define SAFE_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/port.h"

/** Transmitter: its registers. It takes a byte while the bits of `mask` in `*state` are `ready`. */
typedef struct safe_tx {
    const volatile uint32_t *state;
    volatile uint32_t *data;
    uint32_t mask;
    uint32_t ready;
    uint32_t polls; /* for one byte */
} safe_tx_t;

/** Polls `*state` until its bits of `mask` are `value`; else sets SAFE_PORT_TX_TIMEOUT. */
static inline bool safe_tx_wait(const volatile uint32_t *state, uint32_t mask, uint32_t value,
                                uint32_t polls, uint32_t *status)
{
    for (uint32_t i = 0; i < polls; i++) {
        if ((*state & mask) == value) {
            return true;
        }
    }
    *status |= SAFE_PORT_TX_TIMEOUT;
    return false;
}

/** Sends `length` bytes; a byte that is not taken in time sets a bit of `*status` and is the last.
 */
static inline safe_status_t safe_tx_write(const safe_tx_t *tx, const uint8_t *bytes, size_t length,
                                          uint32_t *status)
{
    for (size_t i = 0; i < length; i++) {
        if (!safe_tx_wait(tx->state, tx->mask, tx->ready, tx->polls, status)) {
            return SAFE_STATUS_TIMEOUT;
        }
        *tx->data = bytes[i];
    }
    return SAFE_STATUS_OK;
}

#endif
