/* SPDX-License-Identifier: Apache-2.0 */
/* The assembly tiles of the dsp kernels against plain sums, on the core itself: every number of
 * blocks modulo the unrolled one, four or eight, one group and several, weights and values of all
 * sizes. The input's four bytes are the seed; the status is the number of differences. */
#include <string.h>

#include "safe/kernel/dot8_dsp.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/gemm4x2_dsp.h"
#include "safe/kernel/lstm_terms_dsp.h"

#define MAX_BLOCKS 13u
#define MAX_GROUPS 3u
#define MAX_ROWS 16u
#define MAX_LENGTH (4u * MAX_BLOCKS)

static uint32_t s_state;
static int8_t s_rows[MAX_ROWS][MAX_LENGTH];
static int8_t s_values[2][MAX_LENGTH];
static int32_t s_start[MAX_ROWS];
static uint32_t s_weights[MAX_ROWS * (4u + MAX_BLOCKS)];
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

static safe_dsp_rescale_t s_scales[SAFE_LSTM_DSP_GATES];
static safe_lstm_dsp_wide_t s_wide[SAFE_LSTM_DSP_GATES];

/** Scales of gates; every third is wide, and is rescaled by nothing else. */
static void draw_scales(void)
{
    for (uint32_t gate = 0; gate < SAFE_LSTM_DSP_GATES; gate++) {
        const int32_t shift = 1 + (int32_t)(next() % 8u);
        const safe_dsp_rescale_t own = {(int32_t)(0x40000000u | (next() << 6)), 1 << (shift - 1),
                                        shift};
        const safe_dsp_rescale_t pass = {0x40000000, 1, 1};
        const safe_lstm_dsp_wide_t none = {0, SAFE_LSTM_DSP_NARROW};
        const safe_lstm_dsp_wide_t wide = {(int32_t)(0x40000000u | (next() << 6)),
                                           (int32_t)(next() % 5u)};
        const uint32_t is_wide = next() % 3u == 0u ? 1u : 0u;
        s_scales[gate] = is_wide ? pass : own;
        s_wide[gate] = is_wide ? wide : none;
    }
}

static int32_t limited(int64_t value)
{
    return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : (int32_t)value;
}

/** A term in Q3.12 as safe_requantize has it, from its sum. */
static int32_t term(uint32_t gate, int32_t sum)
{
    const int32_t up = s_wide[gate].shift;
    if (up != SAFE_LSTM_DSP_NARROW) {
        return limited(((int64_t)sum * (1 << up) * s_wide[gate].multiplier + (1 << 30)) >> 31);
    }
    const safe_dsp_rescale_t r = s_scales[gate];
    const int64_t high = (2 * (int64_t)sum * r.multiplier + ((int64_t)1 << 31)) >> 32;
    return limited((high + r.addend - (sum < 0 ? 1 : 0)) >> r.shift);
}

/* Rows of tile t, gate g: 8 t + 2 g is u's, the next v's. */
static int lstm_differs(uint32_t blocks, uint32_t tiles)
{
    uint32_t terms[2][MAX_ROWS / 2u + 1u];
    int different = 0;
    draw_scales();
    memset(terms, 0x55, sizeof terms);
    safe_dsp_lstm_expand(s_values[0], s_values[1], (int32_t)(4u * blocks), s_expanded);
    for (uint32_t gate = 0; gate < SAFE_LSTM_DSP_GATES; gate += SAFE_LSTM_DSP_HALF) {
        uint32_t *to = s_weights;
        for (uint32_t row = 2u * gate; row < 8u * tiles; row += 8u) {
            to = put_rows(put_start(to, row, 4u), row, 4u, blocks);
        }
        const safe_lstm_input_t half = {
            tiles, blocks, {&terms[0][gate], &terms[1][gate]}, &s_scales[gate], &s_wide[gate]};
        different += safe_dsp_lstm_input(s_weights, s_expanded, &half) != to;
    }
    uint32_t *to = s_weights;
    for (uint32_t row = 0; row < 8u * tiles; row += 8u) {
        to = put_rows(to, row, 8u, blocks);
    }
    safe_dsp_expand(s_values[1], (int32_t)(4u * blocks), 0, s_expanded);
    const safe_lstm_recurrent_t recurrent = {s_expanded, SAFE_DOT8_LENGTH(blocks), s_wide, tiles,
                                             s_scales};
    safe_dsp_lstm_recurrent(s_weights, &recurrent, terms[0]);
    for (uint32_t row = 0; row < 8u * tiles; row++) {
        const uint32_t word = row / 2u, high = 16u * (row % 2u), gate = word % 4u;
        const int32_t first = term(gate, plain(row, 0, 4u * blocks));
        const int32_t second = term(gate, plain(row, 1, 4u * blocks));
        const int32_t more = plain(row, 1, 4u * blocks) - s_start[row];
        const int32_t sum = limited((int64_t)first + term(gate, more));
        different += (int16_t)(terms[0][word] >> high) != sum;
        different += (int16_t)(terms[1][word] >> high) != second;
    }
    return different + (terms[0][4u * tiles] != 0x55555555u) +
           (terms[1][4u * tiles] != 0x55555555u);
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
        different += lstm_differs(blocks, 1u + blocks % (MAX_ROWS / 8u));
    }
    return different;
}
