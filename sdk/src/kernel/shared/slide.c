/* SPDX-License-Identifier: Apache-2.0 */
/** @file slide.c A shift register of rows, by blocks of words where they are aligned. */
#include "safe/kernel/goal.h"

#include "safe/kernel/slide.h"

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
#define TWO_BLOCKS (2u * BLOCK_BYTES)

static void move_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
    for (; size != 0u; size--) {
        *to++ = *from++;
    }
}

static void move_words(word_t *to, const word_t *from, size_t size)
{
    for (; size >= WORD_BYTES; size -= WORD_BYTES) {
        *to++ = *from++;
    }
}

/** Moves at least two blocks and a multiple of 4 bytes, which may not overlap within a block. */
static void move_blocks(block_t *to, const block_t *from, size_t size)
{
    const block_t *end = from + size / TWO_BLOCKS * 2u;
    do {
        to[0] = from[0];
        to[1] = from[1];
        to += 2;
        from += 2;
    } while (from != end);
    move_words((void *)to, (const void *)from, size % TWO_BLOCKS);
}

void safe_slide_move(void *to, const void *from, size_t size)
{
    /* Bytes where anything is not aligned; words else; blocks of four words where at least two of
     * them move and the distance is at least a block, so that a block is never read after a part of
     * it was written. */
    /* First byte to last: none is lost before it has moved. */
    if (((uintptr_t)to | (uintptr_t)from | size) % WORD_BYTES != 0u) {
        move_bytes(to, from, size);
    } else if (size >= TWO_BLOCKS && (uintptr_t)from - (uintptr_t)to >= BLOCK_BYTES) {
        move_blocks(to, from, size);
    } else {
        move_words(to, from, size);
    }
}

void safe_kernel_slide(const safe_slide_params_t *params, const void *rows, void *buffer)
{
    uint8_t *to = (uint8_t *)buffer + params->start_bytes;
    const size_t keep = (size_t)params->keep_bytes;
    const size_t added = (size_t)params->new_bytes;

    safe_slide_move(to, to + added, keep);
    safe_slide_move(to + keep, rows, added);
}
