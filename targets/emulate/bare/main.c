/* SPDX-License-Identifier: Apache-2.0 */
/* After SAFE_BARE_WARMUP calls that nobody counts, calls SAFE_BARE_RUN with the inputs of the file
 * SAFE_BARE_FEED, or without one with zeros, the extremes, then pseudo-random bytes; prints for
 * each call "call STATUS STACK OUTPUT": status, stack bytes, and the output, in hexadecimal. */
#include "bare.h"

#include <stddef.h>

#include SAFE_BARE_HEADER

/* Aligned for elements of any type. */
static uint32_t s_input[(SAFE_BARE_INPUT_BYTES + 3u) / 4u];
static uint32_t s_output[(SAFE_BARE_OUTPUT_BYTES + 3u) / 4u];

#ifdef SAFE_BARE_FEED

/* The file as it is: what is compared with other runtimes is drawn on the host. */
__asm__(".section .rodata.safe_bare_feed, \"a\"\n\t"
        ".global safe_bare_feed\n"
        "safe_bare_feed:\n\t"
        ".incbin \"" SAFE_BARE_FEED "\"\n\t"
        ".previous\n");
extern const uint8_t safe_bare_feed[];

static void fill(uint32_t call)
{
    uint8_t *bytes = (uint8_t *)s_input;
    for (size_t i = 0; i < SAFE_BARE_INPUT_BYTES; i++) {
        bytes[i] = safe_bare_feed[call * SAFE_BARE_INPUT_BYTES + i];
    }
}

#else

static uint32_t s_random = SAFE_BARE_SEED;

static void fill(uint32_t call)
{
    static const uint8_t fixed[] = {0x00, 0x80, 0x7f};
    uint8_t *bytes = (uint8_t *)s_input;
    for (size_t i = 0; i < SAFE_BARE_INPUT_BYTES; i++) {
        if (call < sizeof(fixed)) {
            bytes[i] = fixed[call];
        } else {
            /* Numerical Recipes' congruential generator, modulo 2^32; its high bits are good. */
            s_random = s_random * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(s_random >> 24);
        }
    }
}

#endif

static void put(const char *text)
{
    (void)safe_bare_semihosting(SAFE_SEMIHOSTING_WRITE0, text);
}

static void put_hex(const uint8_t *bytes, size_t length)
{
    char text[65]; /* an operation of the host for 32 bytes */
    while (length > 0u) {
        char *end = text;
        for (; length > 0u && end != &text[64]; length--, bytes++) {
            *end++ = "0123456789abcdef"[*bytes >> 4];
            *end++ = "0123456789abcdef"[*bytes & 15u];
        }
        *end = '\0';
        put(text);
    }
}

static void put_word(uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                             (uint8_t)value};
    put_hex(bytes, sizeof(bytes));
    put(" ");
}

int main(void)
{
    const safe_bare_run_t run = (safe_bare_run_t)(void (*)(void))SAFE_BARE_RUN;

    for (uint32_t call = 0; call < SAFE_BARE_WARMUP; call++) {
        fill(call);
        (void)run(s_input, s_output); /* not ready, until a window is full */
    }
    for (uint32_t call = 0; call < SAFE_BARE_CALLS; call++) {
        int status = -1;
        fill(SAFE_BARE_WARMUP + call);
        uint32_t stack = safe_bare_call(run, s_input, s_output, &status);
        put("call ");
        put_word((uint32_t)status);
        put_word(stack);
        put_hex((const uint8_t *)s_output, SAFE_BARE_OUTPUT_BYTES);
        put("\n");
    }
    return 0;
}
