/* SPDX-License-Identifier: Apache-2.0 */
/** @file expand_dsp.h int8 values as int16 in the order in which paired rows of weights take them,
 * see dot8_dsp.h. */
#ifndef SAFE_KERNEL_EXPAND_DSP_H
#define SAFE_KERNEL_EXPAND_DSP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Values of a block: k, k + 2, k + 1, k + 3, in two words. */
#define SAFE_DOT8_BLOCK 4

/** Blocks for `length` values. */
#define SAFE_DOT8_BLOCKS(length) (((uint32_t)(length) + 3u) / 4u)

/** Words of the expanded values, for SAFE_DOT8_BLOCKS blocks. */
#define SAFE_DOT8_WORDS(blocks) (2u * (blocks))

/**
 * Expands `length` >= 1 int8 values to int16 in the order of safe_dsp_dot8, with `add` (the same
 * int16 in both halves) added; values that fill the last block are `add`.
 *
 * @param values Any alignment; no byte beyond `length` is read. @param expanded
 * SAFE_DOT8_WORDS(SAFE_DOT8_BLOCKS(length)) words.
 */
void safe_dsp_expand(const int8_t *values, int32_t length, uint32_t add, uint32_t *expanded);

#ifdef __cplusplus
}
#endif

#endif
