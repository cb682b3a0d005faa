/* SPDX-License-Identifier: Apache-2.0 */
/** @file slide.c A shift register of rows, by blocks of words where they are aligned. */
#include "safe/kernel/slide.h"

#include <stddef.h>

#if defined(__GNUC__) || defined(__clang__)
#define ANY_TYPE __attribute__((may_alias))
#else
#error "safe: say for this compiler that a word may hold a part of any value"
#endif

typedef uint32_t ANY_TYPE word_t;

/** Copied as one: two instructions on a core that loads and stores several registers. */
typedef struct ANY_TYPE block {
    uint32_t words[4];
} block_t;

#define WORD_BYTES sizeof(word_t)
#define BLOCK_BYTES sizeof(block_t)

static uint8_t *move_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
    for (; size != 0u; size--) {
        *to++ = *from++;
    }
    return to;
}

static uint8_t *move_words(uint8_t *to, const uint8_t *from, size_t size)
{
    word_t *target = (void *)to;
    const word_t *source = (const void *)from;

    for (; size >= WORD_BYTES; size -= WORD_BYTES) {
        *target++ = *source++;
    }
    return (void *)target;
}

/** Moves a multiple of 4 bytes, which may not overlap within a block. */
static uint8_t *move_blocks(uint8_t *to, const uint8_t *from, size_t size)
{
    block_t *target = (void *)to;
    const block_t *source = (const void *)from;

    for (; size >= 2u * BLOCK_BYTES; size -= 2u * BLOCK_BYTES) {
        target[0] = source[0];
        target[1] = source[1];
        target += 2;
        source += 2;
    }
    return move_words((void *)target, (const void *)source, size);
}

void safe_kernel_slide(const safe_slide_params_t *params, const void *rows, void *buffer)
{
    uint8_t *to = (uint8_t *)buffer + params->start_bytes;
    const size_t keep = (size_t)params->keep_bytes;
    const size_t added = (size_t)params->new_bytes;

    /* All move down, first byte to last: none is lost before it has moved. */
    if (((uintptr_t)to | (uintptr_t)rows | keep | added) % WORD_BYTES != 0u) {
        to = move_bytes(to, to + added, keep);
        (void)move_bytes(to, rows, added);
    } else if (added >= BLOCK_BYTES) {
        to = move_blocks(to, to + added, keep);
        (void)move_blocks(to, rows, added);
    } else {
        to = move_words(to, to + added, keep);
        (void)move_words(to, rows, added);
    }
}
