/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the square roots that the core's instruction and the integers round differently. */
#include <stdint.h>
#include <string.h>

#include "safe/root.h"

#define FINITE 0x7F800000u
#define ROOTS 5000u

static int differs(uint32_t bits)
{
    float value;
    float root;
    float expected;

    memcpy(&value, &bits, sizeof value);
    root = safe_root(value);
    expected = safe_root_by_integers(value);
    return memcmp(&root, &expected, sizeof root) != 0;
}

int safe_tiles_run(const void *input, void *output)
{
    uint32_t state;
    int different = 0;

    memcpy(&state, input, sizeof state);
    memset(output, 0, 1);
    for (uint32_t i = 0; i < ROOTS; i++) {
        state = state * 1664525u + 1013904223u;
        different += differs(state % FINITE);
        different += differs(i);                       /* 0 and subnormal numbers */
        different += differs(0x00800000u - ROOTS + i); /* up to the least normal one and beyond */
        different += differs(FINITE - 1u - i);         /* the largest ones */
    }
    return different;
}
