/* SPDX-License-Identifier: Apache-2.0 */
/** @file divider.h The divider of a UART's clock for a rate. */
#ifndef SAFE_DIVIDER_H
#define SAFE_DIVIDER_H

#include <stdint.h>

/** Two ends that are 2 % off each sample the last bit of a byte within its half. */
#define SAFE_DIVIDER_TOLERANCE 50u

/** Returns `hz / baud`, rounded; 0 when the divider is not `least` to `most`, or the rate that
 * comes out is more than 2 % off. @param hz Up to 4 GHz / 2. @param baud Not 0. */
static inline uint32_t safe_divider(uint32_t hz, uint32_t baud, uint32_t least, uint32_t most)
{
    uint32_t divider = baud > hz ? 0u : (hz + baud / 2u) / baud;
    if (divider < least || divider > most) {
        return 0;
    }
    uint32_t rate = hz / divider;
    uint32_t off = rate > baud ? rate - baud : baud - rate;
    return off <= baud / SAFE_DIVIDER_TOLERANCE ? divider : 0u;
}

#endif
