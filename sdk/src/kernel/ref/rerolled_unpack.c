/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_unpack.c Reference reader of the packed constants of a re-rolled loop. */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_unpack.h"

const uint8_t *safe_rerolled_unpack(const uint8_t *packed, int32_t count, int32_t *words)
{
    uint32_t lengths = 0;
    for (int32_t k = 0; k < count; k++) {
        lengths = k % 4 == 0 ? *packed++ : lengths >> 2;
        uint32_t more = lengths & 3;
        if (more > 0) {
            uint32_t difference = (uint32_t)(int8_t)*packed++;
            for (; more > 0; more--) {
                difference = difference << 8 | *packed++;
            }
            words[k] = (int32_t)((uint32_t)words[k] + difference);
        }
    }
    return packed;
}
