/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_unpack.c The packed constants of a re-rolled loop, a word of four bytes at a
 * time.
 */
#include "safe/kernel/goal.h"

#include "safe/kernel/rerolled_unpack.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"

/** Adds the difference before `end - missing` to a word: the highest bytes of the word of four that
 * ends with it. What lies below them is the packing before it, as the first has all four. */
static inline const uint8_t *add_next(const uint8_t *packed, uint32_t missing, int32_t *word)
{
    packed -= missing;
    const int32_t difference = (int32_t)safe_dsp_load(packed) >> (8 * missing);
    *word = (int32_t)((uint32_t)*word + (uint32_t)difference);
    return packed + 4;
}

const uint8_t *safe_rerolled_unpack(const uint8_t *packed, int32_t count, int32_t *words)
{
    uint32_t missing = 0;
#if SAFE_UNALIGNED_WORDS
    for (; count >= 4; count -= 4) {
        missing = *packed++;
        packed = add_next(packed, missing & 3, &words[0]);
        packed = add_next(packed, missing >> 2 & 3, &words[1]);
        packed = add_next(packed, missing >> 4 & 3, &words[2]);
        packed = add_next(packed, missing >> 6, &words[3]);
        words += 4;
    }
#endif
    for (int32_t k = 0; k < count; k++) {
        missing = k % 4 == 0 ? *packed++ : missing >> 2;
        packed = add_next(packed, missing & 3, words++);
    }
    return packed;
}
