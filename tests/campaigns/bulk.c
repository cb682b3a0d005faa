/* SPDX-License-Identifier: Apache-2.0 */
/** @file bulk.c Calls BULK_RUN on window after window of a file and writes what comes out to
 * another: through standard input and output on the host, through semihosting on a bare core.
 * Inputs and outputs take a multiple of 8 bytes each. Ends with 1 when a call fails, with 2 when a
 * file does. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include BULK_HEADER

#define LARGER (BULK_INPUT_BYTES > BULK_OUTPUT_BYTES ? BULK_INPUT_BYTES : BULK_OUTPUT_BYTES)
#define BLOCK_BYTES 0x8000u
/* Windows that are read at once: one call of the host costs as much as thousands of instructions.
 */
#define WINDOWS (LARGER < BLOCK_BYTES ? BLOCK_BYTES / LARGER : 1u)

/* Elements of any type are aligned in them. */
static uint64_t s_inputs[WINDOWS * BULK_INPUT_BYTES / 8u];
static uint64_t s_outputs[WINDOWS * BULK_OUTPUT_BYTES / 8u];

#ifdef BULK_HOST

#include <stdio.h>

/** Opens nothing: both files are there. @return Whether it could. */
static int open_files(void)
{
    return 1;
}

/** @return How many of the wanted bytes were there to be read. */
static size_t read_bytes(void *bytes, size_t wanted)
{
    return fread(bytes, 1, wanted, stdin);
}

/** @return Whether all of it was written. */
static int write_bytes(const void *bytes, size_t length)
{
    return fwrite(bytes, 1, length, stdout) == length;
}

#else

#include "bare.h"

/* "Semihosting for AArch32 and AArch64", Arm 100863: SYS_OPEN takes the modes of fopen by number;
 * reading and writing return how many bytes are left over. */
#define SYS_OPEN 0x01u
#define SYS_WRITE 0x05u
#define SYS_READ 0x06u
#define MODE_RB 1u
#define MODE_WB 5u
#define NO_FILE 0xFFFFFFFFu

static uint32_t s_from, s_to;

static uint32_t open_file(const char *name, uint32_t mode)
{
    const uint32_t block[3] = {(uint32_t)(uintptr_t)name, mode, (uint32_t)strlen(name)};
    return safe_bare_semihosting(SYS_OPEN, block);
}

static int open_files(void)
{
    s_from = open_file("bulk.in", MODE_RB);
    s_to = open_file("bulk.out", MODE_WB);
    return s_from != NO_FILE && s_to != NO_FILE;
}

static size_t read_bytes(void *bytes, size_t wanted)
{
    const uint32_t block[3] = {s_from, (uint32_t)(uintptr_t)bytes, (uint32_t)wanted};
    return wanted - safe_bare_semihosting(SYS_READ, block);
}

static int write_bytes(const void *bytes, size_t length)
{
    const uint32_t block[3] = {s_to, (uint32_t)(uintptr_t)bytes, (uint32_t)length};
    return safe_bare_semihosting(SYS_WRITE, block) == 0u;
}

#endif

int main(void)
{
    size_t windows = WINDOWS;

    if (!open_files()) {
        return 2;
    }
    while (windows == WINDOWS) {
        windows = read_bytes(s_inputs, sizeof s_inputs) / BULK_INPUT_BYTES;
        memset(s_outputs, 0xA5, sizeof s_outputs);
        for (size_t i = 0; i < windows; i++) {
            if (BULK_RUN((const void *)&s_inputs[i * (BULK_INPUT_BYTES / 8u)],
                         (void *)&s_outputs[i * (BULK_OUTPUT_BYTES / 8u)]) != 0) {
                return 1;
            }
        }
        if (windows != 0u && !write_bytes(s_outputs, windows * BULK_OUTPUT_BYTES)) {
            return 2;
        }
    }
    return 0;
}
