/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_unpack.c Reference reader of the packed constants of a re-rolled loop. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_unpack.h"

const uint8_t *safe_rerolled_unpack(const uint8_t *packed, int32_t count, int32_t *words)
{
    uint32_t missing = 0;
    for (int32_t k = 0; k < count; k++) {
        missing = k % 4 == 0 ? *packed++ : missing >> 2;
        uint32_t difference = 0;
        for (uint32_t byte = missing & 3; byte < 4; byte++) {
            difference |= (uint32_t)*packed++ << (8 * byte);
        }
        /* The bytes lie in the highest places: shifted down with their sign. */
        difference = (uint32_t)((int32_t)difference >> (8 * (missing & 3)));
        words[k] = (int32_t)((uint32_t)words[k] + difference);
    }
    return packed;
}
