/* SPDX-License-Identifier: Apache-2.0 */
/** @file columns_dsp.c int8 values of two columns as int16, side by side. */
#include "safe/kernel/goal.h"

#include "safe/kernel/columns_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"

/** One block of both columns. */
static inline uint32_t *expand_two_blocks(uint32_t *words, uint32_t a, uint32_t b)
{
    const uint32_t a0 = safe_dsp_sxtb16(a);
    const uint32_t b0 = safe_dsp_sxtb16(b);
    const uint32_t a1 = safe_dsp_sxtb16_odd(a);
    const uint32_t b1 = safe_dsp_sxtb16_odd(b);
    SAFE_DSP_STORE_PAIR(words, a0, b0);
    SAFE_DSP_STORE_PAIR(words + 2, a1, b1);
    return &words[4];
}

SAFE_NOINLINE uint32_t *safe_dsp_expand_two(const int8_t *a, const int8_t *b, int32_t length,
                                            uint32_t *words)
{
    const int8_t *end = &a[length];
    /* The loop takes two blocks of four bytes: an odd one comes first. */
    if ((length & 4) != 0) {
        words = expand_two_blocks(words, safe_dsp_load(a), safe_dsp_load(b));
        a += 4;
        b += 4;
    }
    while (a != end) {
        const uint32_t first = safe_dsp_load(a);
        const uint32_t second = safe_dsp_load(a + 4);
        words = expand_two_blocks(words, first, safe_dsp_load(b));
        words = expand_two_blocks(words, second, safe_dsp_load(b + 4));
        a += 8;
        b += 8;
    }
    return words;
}
