/* SPDX-License-Identifier: Apache-2.0 */
/* Drives a streaming model `m` by commands on stdin, each one byte and its data:
 * P sample: push. I: invoke. R: reset. W window: safe_m_run. Q: ready?
 * F start length bytes: feed, both as uint32 of this machine; at most twice a window.
 * Each is answered by a status byte; I and W also by the output, of zeros when there is none. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safe_m.h"

#include "safe/compiler.h"

static SAFE_ALIGNED(SAFE_ARENA_ALIGNMENT) uint8_t arena[SAFE_M_ARENA_BYTES];
static uint8_t input[SAFE_M_INPUT_BYTES];
static uint8_t output[SAFE_M_OUTPUT_BYTES];

static int read_exactly(void *target, size_t size)
{
    return fread(target, 1, size, stdin) == size;
}

static safe_status_t invoke(const safe_context_t *context)
{
    safe_status_t status = safe_m_invoke(context);

    memset(output, 0, sizeof output);
    if (status == SAFE_STATUS_OK) {
        memcpy(output, safe_m_output(context), sizeof output);
    }
    return status;
}

static safe_status_t feed(const safe_context_t *context)
{
    static uint8_t piece[2u * SAFE_M_INPUT_BYTES];
    uint32_t place[2];

    if (!read_exactly(place, sizeof place) || place[1] > sizeof piece ||
        !read_exactly(piece, place[1])) {
        exit(3);
    }
    return safe_stream_feed(context, place[0], piece, place[1]);
}

int main(void)
{
    safe_context_t context;
    int command;

    memset(arena, 0xEE, sizeof arena);
    if (safe_m_init(&context, arena, sizeof arena) != SAFE_STATUS_OK) {
        return 1;
    }
    while ((command = getchar()) != EOF) {
        safe_status_t status = SAFE_STATUS_OK;

        if (command == 'P' && read_exactly(input, SAFE_M_SAMPLE_BYTES)) {
            status = safe_m_push(&context, (const void *)input);
        } else if (command == 'I') {
            status = invoke(&context);
        } else if (command == 'F') {
            status = feed(&context);
        } else if (command == 'R') {
            status = safe_m_reset(&context);
        } else if (command == 'Q') {
            status = safe_m_is_ready(&context) ? SAFE_STATUS_OK : SAFE_STATUS_NOT_READY;
        } else if (command == 'W' && read_exactly(input, sizeof input)) {
            status = safe_m_run((const void *)input, (void *)output);
        } else {
            return 2;
        }
        putchar((int)status);
        if (command == 'I' || command == 'W') {
            fwrite(output, 1, sizeof output, stdout);
        }
    }
    return 0;
}
