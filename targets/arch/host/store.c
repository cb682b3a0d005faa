/* SPDX-License-Identifier: Apache-2.0 */
/* The store of a Linux process: a file, named by the environment variable SAFE_STORE; none without
 * it. It behaves as flash does, so that what runs here runs on a chip. */
#include "safe/store.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safe/port.h"

#define SLOT_BYTES 16384u
#define ERASED 0xFF

static const char *path;

/** Opens the file; makes it, erased, where it is missing or of another size. */
static FILE *open_file(void)
{
    FILE *file = fopen(path, "r+b");
    if (file != NULL) {
        if (fseek(file, 0, SEEK_END) == 0 && ftell(file) == (long)(SAFE_STORE_SLOTS * SLOT_BYTES)) {
            return file;
        }
        (void)fclose(file);
    }
    file = fopen(path, "w+b");
    for (size_t i = 0; file != NULL && i < SAFE_STORE_SLOTS * SLOT_BYTES; i++) {
        if (fputc(ERASED, file) == EOF) {
            (void)fclose(file);
            return NULL;
        }
    }
    return file;
}

/** Opens the file at a place of a slot. */
static FILE *open_at(uint32_t slot, uint32_t offset)
{
    FILE *file = open_file();
    if (file != NULL && fseek(file, (long)(slot * SLOT_BYTES + offset), SEEK_SET) != 0) {
        (void)fclose(file);
        return NULL;
    }
    return file;
}

static safe_status_t store_read(uint32_t slot, uint32_t offset, uint8_t *bytes, size_t length)
{
    FILE *file = open_at(slot, offset);
    if (file == NULL) {
        return SAFE_STATUS_CORRUPT;
    }
    size_t count = fread(bytes, 1, length, file);
    (void)fclose(file);
    return count == length ? SAFE_STATUS_OK : SAFE_STATUS_CORRUPT;
}

static safe_status_t close_written(FILE *file, bool is_written)
{
    return fclose(file) == 0 && is_written ? SAFE_STATUS_OK : SAFE_STATUS_STORAGE;
}

static safe_status_t store_erase(uint32_t slot)
{
    FILE *file = open_at(slot, 0);
    bool is_written = file != NULL;
    for (size_t i = 0; is_written && i < SLOT_BYTES; i++) {
        is_written = fputc(ERASED, file) != EOF;
    }
    return file == NULL ? SAFE_STATUS_STORAGE : close_written(file, is_written);
}

static safe_status_t store_program(uint32_t slot, uint32_t offset, const uint8_t *bytes,
                                   size_t length)
{
    FILE *file = open_at(slot, offset);
    if (file == NULL) {
        return SAFE_STATUS_STORAGE;
    }
    return close_written(file, fwrite(bytes, 1, length, file) == length);
}

const safe_store_flash_t *safe_port_store(void)
{
    static const safe_store_flash_t flash = {
        .slot_bytes = SLOT_BYTES,
        .read = store_read,
        .erase = store_erase,
        .program = store_program,
    };

    path = getenv("SAFE_STORE");
    return path == NULL || path[0] == '\0' ? NULL : &flash;
}
