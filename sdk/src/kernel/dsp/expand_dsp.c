/* SPDX-License-Identifier: Apache-2.0 */
/** @file expand_dsp.c int8 values as int16. */
#include "safe/kernel/goal.h"

#include "safe/kernel/expand_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"

/** One block of expanded values. */
static inline uint32_t *expand_block(uint32_t *expanded, uint32_t four, uint32_t add)
{
    expanded[0] = safe_dsp_sxtab16(add, four);
    expanded[1] = safe_dsp_sxtab16_odd(add, four);
    return &expanded[2];
}

SAFE_NOINLINE void safe_dsp_expand(const int8_t *values, int32_t length, uint32_t add,
                                   uint32_t *expanded)
{
    const int8_t *end = &values[length & ~3];
    /* The loop below takes two blocks at a time: an odd one comes first. */
    if ((length & 4) != 0) {
        expanded = expand_block(expanded, safe_dsp_load(values), add);
        values += 4;
    }
    while (values != end) {
        const uint32_t first = safe_dsp_load(values);
        const uint32_t second = safe_dsp_load(values + 4);
        expanded = expand_block(expand_block(expanded, first, add), second, add);
        values += 8;
    }
    /* The last values, one by one: no byte beyond `length` may be read. The bytes that are missing
     * stay 0 and become `add`, whose weights are 0. */
    if ((length & 3) != 0) {
        uint32_t four = 0;
        for (int32_t k = 0; k < (length & 3); k++) {
            four |= (uint32_t)(uint8_t)values[k] << (8 * k);
        }
        (void)expand_block(expanded, four, add);
    }
}
