/* SPDX-License-Identifier: Apache-2.0 */
/** @file dot8_dsp.h Dot products of eight rows of weights with one row of values.
 *
 * Rows are stored in pairs: the halfword 256 * p + q holds one weight of row p and one of row q.
 * With x two values as int16, H = SMLAD(word, x, H) and L = SMLAD(SXTB16(word), x, L): at the end
 * L is q's sum, and (H - L) / 256 is p's. Exact modulo 2^32 while |sum of p| < 2^23, |sum of q|
 * < 2^30 and every halfword fits int16: `codegen/backends/native/dsp/packing.py` proves that.
 */
#ifndef SAFE_KERNEL_DOT8_DSP_H
#define SAFE_KERNEL_DOT8_DSP_H

#include <stdint.h>

#include "safe/kernel/expand_dsp.h"
#include "safe/kernel/goal.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Rows of a tile. */
#define SAFE_DOT8_ROWS 8

/** Bytes of the assembly loop's body for one block: 9 + 20 instructions of 4 bytes. */
#define SAFE_DOT8_BLOCK_CODE_BYTES 116u

/** Bytes of assembly from the start of safe_dsp_dot8 to its loop. */
#define SAFE_DOT8_LOOP_OFFSET 20

/**
 * The length of a dot product as safe_dsp_dot8 takes it: bytes of a tile's weights in the low
 * half, in the high half how far into its loop of SAFE_UNROLL blocks to start, in bytes.
 * @param blocks [1, 2047]
 */
#define SAFE_DOT8_LENGTH(blocks)                                                                   \
    ((uint32_t)(blocks) << 5 |                                                                     \
     (((0u - (uint32_t)(blocks)) & (SAFE_UNROLL - 1u)) * SAFE_DOT8_BLOCK_CODE_BYTES) << 16)

/** Bytes of a tile's weights. */
#define SAFE_DOT8_TILE_BYTES(length) ((length)&0xFFFFu)

/**
 * twice[r] = 2 * (sum of row r); returns the end of the tile's weights.
 *
 * @param weights Words aligned to 4 bytes: per block eight, 4 pairs of rows for k and k + 2, then
 * for k + 1 and k + 3. @param values From safe_dsp_expand. @param length SAFE_DOT8_LENGTH.
 * @param start Per pair of rows: 256 * p + q, then q, of what the sums start from.
 */
const uint32_t *safe_dsp_dot8(const uint32_t *weights, const uint32_t *values, uint32_t length,
                              const int32_t *start, int32_t twice[SAFE_DOT8_ROWS]);

#ifdef __cplusplus
}
#endif

#endif
