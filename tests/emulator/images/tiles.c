/* SPDX-License-Identifier: Apache-2.0 */
/* The assembly tiles of the dsp kernels against plain sums, on the core itself: every number of
 * blocks modulo the unrolled four, one group and several, weights and values of all sizes. The
 * input's four bytes are the seed; the status is the number of differences. */
#include <string.h>

#include "safe/kernel/dot8_dsp.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/gemm4x2_dsp.h"

#define MAX_BLOCKS 13u
#define MAX_GROUPS 3u
#define MAX_ROWS 16u
#define MAX_LENGTH (4u * MAX_BLOCKS)

static uint32_t s_state;
static int8_t s_rows[MAX_ROWS][MAX_LENGTH];
static int8_t s_values[2][MAX_LENGTH];
static int32_t s_start[MAX_ROWS];
static uint32_t s_weights[MAX_GROUPS * (16u + 4u * MAX_BLOCKS)];
static uint32_t s_expanded[4u * MAX_BLOCKS];

int safe_tiles_run(const void *input, void *output);

static uint32_t next(void)
{
    s_state = s_state * 1664525u + 1013904223u;
    return s_state >> 8;
}

static void draw(void)
{
    const uint32_t extreme = next() & 1u;
    for (uint32_t r = 0; r < MAX_ROWS; r++) {
        s_start[r] = (int32_t)(next() & 0xFFFFu) - 0x8000;
        for (uint32_t k = 0; k < MAX_LENGTH; k++) {
            s_rows[r][k] = (int8_t)(extreme ? ((next() & 1u) != 0u ? 127 : -127)
                                            : (int32_t)(next() % 255u) - 127);
            s_values[r & 1u][k] = (int8_t)(extreme ? ((next() & 1u) != 0u ? 127 : -128)
                                                   : (int32_t)(next() & 0xFFu) - 128);
        }
    }
}

static int32_t plain(uint32_t row, uint32_t column, uint32_t length)
{
    int32_t sum = s_start[row];
    for (uint32_t k = 0; k < length; k++) {
        sum += s_rows[row][k] * s_values[column][k];
    }
    return sum;
}

static uint32_t pair(uint32_t row, uint32_t k)
{
    return (uint32_t)(256 * s_rows[row][k] + s_rows[row + 1][k]) & 0xFFFFu;
}

static uint32_t *put_rows(uint32_t *to, uint32_t first, uint32_t rows, uint32_t blocks)
{
    for (uint32_t half = 0; half < 2u * blocks; half++) {
        const uint32_t k = half / 2u * 4u + half % 2u;
        for (uint32_t row = first; row < first + rows; row += 2u) {
            *to++ = pair(row, k) | pair(row, k + 2u) << 16;
        }
    }
    return to;
}

static uint32_t *put_start(uint32_t *to, uint32_t first, uint32_t rows)
{
    for (uint32_t row = first; row < first + rows; row += 2u) {
        *to++ = (uint32_t)(256 * s_start[row] + s_start[row + 1]);
        *to++ = (uint32_t)s_start[row + 1];
    }
    return to;
}

static int dot8_differs(uint32_t blocks)
{
    const uint32_t length = 4u * blocks;
    int32_t start[SAFE_DOT8_ROWS];
    int32_t twice[SAFE_DOT8_ROWS];
    int different = 0;
    (void)put_start((uint32_t *)start, 0, SAFE_DOT8_ROWS);
    const uint32_t *end = put_rows(s_weights, 0, SAFE_DOT8_ROWS, blocks);
    safe_dsp_expand(s_values[0], (int32_t)length, 0, s_expanded);
    different +=
        safe_dsp_dot8(s_weights, s_expanded, SAFE_DOT8_LENGTH(blocks), start, twice) != end;
    for (uint32_t row = 0; row < SAFE_DOT8_ROWS; row++) {
        different += twice[row] != 2 * plain(row, 0, length);
    }
    return different;
}

static int gemm4x2_differs(uint32_t blocks, uint32_t groups)
{
    int8_t found[2][MAX_ROWS];
    int32_t scales[MAX_ROWS][SAFE_DSP_RESCALE_WORDS];
    const int32_t zero_point = 2 * ((int32_t)(next() & 0xFFu) - 128) + 1;
    uint32_t *to = s_weights;
    int different = 0;
    for (uint32_t row = 0; row < 4u * groups; row += 4u) {
        to = put_rows(put_start(to, row, 4u), row, 4u, blocks);
        for (uint32_t r = row; r < row + 4u; r++) {
            const int32_t shift = 6 + (int32_t)(next() % 8u);
            scales[r][0] = (int32_t)(0x40000000u | (next() << 6));
            scales[r][1] = zero_point * (1 << (shift - 1));
            scales[r][2] = shift;
            *to++ = (uint32_t)scales[r][0];
            *to++ = (uint32_t)shift - 1u;
        }
    }
    for (uint32_t half = 0; half < 2u * blocks; half++) {
        for (uint32_t c = 0; c < 2u; c++) {
            const int8_t *v = &s_values[c][half / 2u * 4u + half % 2u];
            s_expanded[2u * half + c] = ((uint32_t)v[0] & 0xFFFFu) | (uint32_t)v[2] << 16;
        }
    }
    memset(found, 0x55, sizeof found);
    const safe_gemm4x2_t extent = {groups, blocks, {found[0], found[1]}, zero_point};
    safe_dsp_gemm4x2(s_weights, s_expanded, &extent);
    for (uint32_t c = 0; c < 2u; c++) {
        for (uint32_t r = 0; r < 4u * groups; r++) {
            const int32_t *s = scales[r];
            const int32_t sum = 2 * plain(r, c, 4u * blocks);
            const int64_t high = ((int64_t)sum * s[0] + ((int64_t)1 << 31)) >> 32;
            const int32_t value = ((int32_t)high + s[1] - (sum < 0 ? 1 : 0)) >> s[2];
            different += found[c][r] != (value > 127 ? 127 : value < -128 ? -128 : value);
        }
        different += found[c][4u * groups] != 0x55;
    }
    return different;
}

int safe_tiles_run(const void *input, void *output)
{
    int different = 0;
    memcpy(&s_state, input, sizeof s_state);
    memset(output, 0, 1);
    for (uint32_t blocks = 1; blocks <= MAX_BLOCKS; blocks++) {
        draw();
        different += dot8_differs(blocks);
        different += gemm4x2_differs(blocks, 1u + blocks % MAX_GROUPS);
    }
    return different;
}
