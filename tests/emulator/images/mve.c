/* SPDX-License-Identifier: Apache-2.0 */
/* The tiles and the rescaling of the mve kernels against plain sums and safe_requantize: on the
 * core itself, and on a host with the emulated instructions. The input's four bytes are the seed;
 * the status is the number of differences. */
#include <string.h>

#include "safe/fixed_point.h"
#include "safe/kernel/dot4_mve.h"
#include "safe/kernel/gemm4x3_mve.h"
#include "safe/kernel/mve_requantize.h"

#define MAX_BLOCKS 5u
#define MAX_LENGTH (16u * MAX_BLOCKS)
#define COLUMNS SAFE_GEMM4X3_COLUMNS
#define ROWS 32u

static uint32_t s_state;
static int8_t s_rows[ROWS][MAX_LENGTH];
static int8_t s_values[COLUMNS][MAX_LENGTH];
static int32_t s_start[ROWS];
static uint32_t s_weights[ROWS * (9u + 16u * MAX_BLOCKS) / 4u];

int safe_tiles_run(const void *input, void *output);

static uint32_t next(void)
{
    s_state = s_state * 1664525u + 1013904223u;
    return s_state >> 8;
}

static int8_t drawn(uint32_t extreme)
{
    return (int8_t)(extreme ? ((next() & 1u) != 0u ? 127 : -128) : (int32_t)(next() & 255u) - 128);
}

static void draw(void)
{
    const uint32_t extreme = next() & 1u;
    for (uint32_t r = 0; r < ROWS; r++) {
        s_start[r] = (int32_t)(next() & 0xFFFFu) - 0x8000;
        for (uint32_t k = 0; k < MAX_LENGTH; k++) {
            s_rows[r][k] = drawn(extreme);
            s_values[r % COLUMNS][k] = drawn(extreme);
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

static int8_t *put_rows(int8_t *to, uint32_t first, uint32_t rows, uint32_t blocks)
{
    for (uint32_t k = 0; k < 16u * blocks; k += 16u) {
        for (uint32_t row = first; row < first + rows; row++, to += 16) {
            memcpy(to, &s_rows[row][k], 16);
        }
    }
    return to;
}

static int dot4_differs(uint32_t blocks)
{
    int32_t found[SAFE_DOT4_ROWS];
    int different = 0;
    (void)put_rows((int8_t *)s_weights, 0, SAFE_DOT4_ROWS, blocks);
    safe_mve_store(found, safe_mve_dot4((int8_t *)s_weights, s_values[0], blocks, s_start));
    for (uint32_t row = 0; row < SAFE_DOT4_ROWS; row++) {
        different += found[row] != plain(row, 0, 16u * blocks);
    }
    return different;
}

/** Writes a group of four rows and draws its scales. */
static int8_t *put_group(int8_t *to, uint32_t first, uint32_t blocks, int32_t *multiplier,
                         int8_t *shift)
{
    for (uint32_t pair = first; pair < first + 2u; pair++) {
        memcpy(to, &s_start[pair], 4);
        memcpy(to + 4, &s_start[pair + 2u], 4);
        to += 8;
        for (uint32_t k = 0; k < 16u * blocks; k += 16u, to += 32) {
            memcpy(to, &s_rows[pair][k], 16);
            memcpy(to + 16, &s_rows[pair + 2u][k], 16);
        }
    }
    for (uint32_t r = first; r < first + 4u; r++) {
        multiplier[r] = (int32_t)(0x40000000u | (next() << 6));
        shift[r] = (int8_t)(-4 - (int32_t)(next() % 8u));
    }
    memcpy(to, &multiplier[first], 16);
    memcpy(to + 16, &shift[first], 4);
    return to + 20;
}

/** Products of some rows with limits; looks at what lies behind, and that the outputs moved. */
static int gemm4x3_differs(uint32_t blocks, uint32_t rows)
{
    int32_t multiplier[ROWS];
    int8_t shift[ROWS];
    int8_t found[COLUMNS][ROWS + 1u];
    int8_t *to = (int8_t *)s_weights;
    int different = 0;
    for (uint32_t first = 0; first < rows; first += 4u) {
        to = put_group(to, first, blocks, multiplier, shift);
    }
    memset(found, 0x55, sizeof found);
    safe_gemm4x3_t extent = {{s_values[0], s_values[1], s_values[2]},
                             blocks,
                             (int32_t)rows,
                             {found[0], found[1], found[2]},
                             -7,
                             -100,
                             90};
    safe_mve_gemm4x3((int8_t *)s_weights, &extent);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        for (uint32_t r = 0; r < rows; r++) {
            const int32_t sum = plain(r, c, 16u * blocks);
            const int32_t value = safe_requantize(sum, multiplier[r], shift[r]) - 7;
            different += found[c][r] != safe_clamp(value, -100, 90);
        }
        different += found[c][rows] != 0x55;
    }
    return different;
}

static int requantize_differs(int32_t sum, int32_t multiplier, int32_t shift)
{
    const safe_mve_s32_t four = safe_mve_add_n(safe_mve_dup(sum), 0);
    int32_t found[SAFE_MVE_LANES];
    safe_mve_store(found, safe_mve_requantize(four, safe_mve_dup(multiplier), safe_mve_dup(shift)));
    const int32_t expected = safe_requantize(sum, multiplier, shift);
    return (found[0] != expected) + (found[3] != expected);
}

/** The sums on both sides of every place where the result of a class steps, a class being a
 * multiplier and a shift: the results go through [-200, 200], beyond int8. */
static int class_differs(int32_t multiplier, int32_t right)
{
    int different = 0;
    for (int32_t k = -200; k <= 200; k++) {
        /* The sum that is rescaled to k - 1/2. */
        const int64_t tie = (2 * (int64_t)k - 1) * ((int64_t)1 << (right - 1));
        const int64_t place = (int64_t)((double)tie * 2147483648.0 / (double)multiplier);
        for (int64_t sum = place - 3; sum <= place + 3; sum++) {
            if (sum > -((int64_t)1 << 30) && sum < (int64_t)1 << 30) {
                different += requantize_differs((int32_t)sum, multiplier, -right);
            }
        }
    }
    static const int32_t far[] = {0, 1, -1, (1 << 30) - 1, -(1 << 30) + 1, (1 << 30) - 2};
    for (uint32_t i = 0; i < sizeof far / sizeof *far; i++) {
        different += requantize_differs(far[i], multiplier, -right);
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
        different += dot4_differs(blocks);
        different += gemm4x3_differs(blocks, 5u * blocks + next() % 4u);
    }
    for (int32_t right = 1; right <= 30; right++) {
        different += class_differs(1 << 30, right);
        different += class_differs(INT32_MAX, right);
        different += class_differs((int32_t)(0x40000000u | (next() << 6)), right);
    }
    return different;
}
