/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/store.h"

#include <stdbool.h>
#include <string.h>

#include "safe/compiler.h"
#include "safe/crc32.h"

#define UNIT SAFE_STORE_UNIT_BYTES
/** "SAFS" as little-endian bytes. */
#define MAGIC UINT32_C(0x53464153)
#define ERASED 0xFFu

/** What a walk through one slot sees. */
typedef struct scan {
    bool found;        /**< A valid record lies here; the next three describe the newest. */
    uint32_t sequence; /**< Number of the record. */
    uint32_t offset;   /**< First byte of the record's header in the slot. */
    uint32_t length;   /**< Bytes of the payload. */
    uint32_t free;     /**< First byte for the next record; the slot's size when there is none. */
} scan_t;

static uint32_t read_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void write_word(uint8_t *bytes, uint32_t word)
{
    for (size_t i = 0; i < 4u; i++) {
        bytes[i] = (uint8_t)(word >> (8u * i));
    }
}

static bool is_erased(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != ERASED) {
            return false;
        }
    }
    return true;
}

/** memcmp takes more flash than all of its callers here. */
static bool are_equal(const uint8_t unit[UNIT], const uint8_t other[UNIT])
{
    for (size_t i = 0; i < UNIT; i++) {
        if (unit[i] != other[i]) {
            return false;
        }
    }
    return true;
}

/** Returns `length` filled up to whole units; the caller has bounded it by the slot's size. */
static uint32_t padded(uint32_t length)
{
    return (length + UNIT - 1u) / UNIT * UNIT;
}

static void make_header(uint32_t sequence, uint32_t length, uint8_t header[UNIT])
{
    write_word(&header[0], MAGIC);
    write_word(&header[4], sequence);
    write_word(&header[8], length);
    write_word(&header[12], safe_crc32(0, header, 12));
}

static void make_commit(uint32_t sequence, uint32_t crc, uint8_t commit[UNIT])
{
    write_word(&commit[0], crc);
    write_word(&commit[4], sequence);
    write_word(&commit[8], ~sequence);
    write_word(&commit[12], MAGIC);
}

/** Returns whether `header` is whole and its record ends inside the slot, where at least
 * SAFE_STORE_OVERHEAD_BYTES are left from `offset` on. */
static bool header_is_valid(const safe_store_flash_t *flash, uint32_t offset,
                            const uint8_t header[UNIT])
{
    uint32_t length = read_word(&header[8]);
    uint32_t room = flash->slot_bytes - offset;

    return read_word(&header[0]) == MAGIC && read_word(&header[12]) == safe_crc32(0, header, 12) &&
           length != 0u && length <= room - SAFE_STORE_OVERHEAD_BYTES;
}

/** Returns whether payload and commit of a record with a valid header are whole. */
static bool record_is_valid(const safe_store_flash_t *flash, uint32_t slot, uint32_t offset,
                            const uint8_t header[UNIT])
{
    uint32_t sequence = read_word(&header[4]);
    uint32_t length = read_word(&header[8]);
    uint32_t crc = safe_crc32(0, header, UNIT);
    uint8_t unit[UNIT];
    uint8_t commit[UNIT];

    for (uint32_t done = 0; done < length; done += UNIT) {
        uint32_t count = length - done < UNIT ? length - done : UNIT;
        if (flash->read(slot, offset + UNIT + done, unit, UNIT) != SAFE_STATUS_OK) {
            return false;
        }
        crc = safe_crc32(crc, unit, count);
    }
    make_commit(sequence, crc, commit);
    return flash->read(slot, offset + UNIT + padded(length), unit, UNIT) == SAFE_STATUS_OK &&
           are_equal(unit, commit);
}

/** Walks from header to header until one is erased (free space) or damaged (no more room). */
static scan_t scan(const safe_store_flash_t *flash, uint32_t slot)
{
    scan_t seen = {.free = flash->slot_bytes};
    uint32_t offset = 0;

    while (flash->slot_bytes - offset >= SAFE_STORE_OVERHEAD_BYTES) {
        uint8_t header[UNIT];
        safe_status_t status = flash->read(slot, offset, header, UNIT);

        if (status == SAFE_STATUS_OK && is_erased(header, UNIT)) {
            seen.free = offset;
            break;
        }
        if (status != SAFE_STATUS_OK || !header_is_valid(flash, offset, header)) {
            break;
        }
        uint32_t sequence = read_word(&header[4]);
        uint32_t length = read_word(&header[8]);
        if (record_is_valid(flash, slot, offset, header) &&
            (!seen.found || sequence > seen.sequence)) {
            seen.found = true;
            seen.sequence = sequence;
            seen.offset = offset;
            seen.length = length;
        }
        offset += SAFE_STORE_OVERHEAD_BYTES + padded(length);
    }
    return seen;
}

/** Scans both slots; returns the slot of the newest record, 0 when there is none. */
static uint32_t scan_both(const safe_store_flash_t *flash, scan_t seen[SAFE_STORE_SLOTS])
{
    for (uint32_t slot = 0; slot < SAFE_STORE_SLOTS; slot++) {
        seen[slot] = scan(flash, slot);
    }
    return seen[1].found && (!seen[0].found || seen[1].sequence > seen[0].sequence) ? 1u : 0u;
}

SAFE_COLD safe_status_t safe_store_load(const safe_store_flash_t *flash, uint8_t *bytes,
                                        size_t capacity, size_t *length)
{
    scan_t seen[SAFE_STORE_SLOTS];
    const scan_t *newest;
    uint32_t slot;

    if (flash == NULL || bytes == NULL || length == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    slot = scan_both(flash, seen);
    newest = &seen[slot];
    if (!newest->found) {
        return SAFE_STATUS_EMPTY;
    }
    if (newest->length > capacity) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (flash->read(slot, newest->offset + UNIT, bytes, newest->length) != SAFE_STATUS_OK) {
        return SAFE_STATUS_CORRUPT;
    }
    *length = newest->length;
    return SAFE_STATUS_OK;
}

/** Returns whether `length` bytes from `offset` can be programmed without erasing. */
static bool has_room(const safe_store_flash_t *flash, uint32_t slot, uint32_t offset,
                     uint32_t length)
{
    uint8_t unit[UNIT];

    if (flash->slot_bytes - offset < length) {
        return false;
    }
    for (uint32_t done = 0; done < length; done += UNIT) {
        if (flash->read(slot, offset + done, unit, UNIT) != SAFE_STATUS_OK ||
            !is_erased(unit, UNIT)) {
            return false;
        }
    }
    return true;
}

/** Programs header, payload, commit, and reads all of it back. */
static safe_status_t append(const safe_store_flash_t *flash, uint32_t slot, uint32_t offset,
                            uint32_t sequence, const uint8_t *bytes, uint32_t length)
{
    uint8_t header[UNIT];
    uint8_t unit[UNIT];
    uint32_t crc;
    safe_status_t status;

    make_header(sequence, length, header);
    status = flash->program(slot, offset, header, UNIT);
    crc = safe_crc32(safe_crc32(0, header, UNIT), bytes, length);
    for (uint32_t done = 0; status == SAFE_STATUS_OK && done < length; done += UNIT) {
        uint32_t count = length - done < UNIT ? length - done : UNIT;
        (void)memset(unit, (int)ERASED, UNIT);
        (void)memcpy(unit, &bytes[done], count);
        status = flash->program(slot, offset + UNIT + done, unit, UNIT);
    }
    if (status == SAFE_STATUS_OK) {
        make_commit(sequence, crc, unit);
        status = flash->program(slot, offset + UNIT + padded(length), unit, UNIT);
    }
    if (status == SAFE_STATUS_OK && !record_is_valid(flash, slot, offset, header)) {
        status = SAFE_STATUS_STORAGE; /* programmed without complaint, but it reads otherwise */
    }
    return status;
}

SAFE_COLD safe_status_t safe_store_save(const safe_store_flash_t *flash, const uint8_t *bytes,
                                        size_t length)
{
    scan_t seen[SAFE_STORE_SLOTS];
    uint32_t slot;
    uint32_t size;
    uint32_t sequence;
    safe_status_t status = SAFE_STATUS_STORAGE;

    if (flash == NULL || bytes == NULL || length == 0u ||
        flash->slot_bytes < SAFE_STORE_OVERHEAD_BYTES ||
        length > flash->slot_bytes - SAFE_STORE_OVERHEAD_BYTES) {
        return SAFE_STATUS_ARGUMENT;
    }
    slot = scan_both(flash, seen);
    size = SAFE_STORE_OVERHEAD_BYTES + padded((uint32_t)length);
    sequence = seen[slot].found ? seen[slot].sequence + 1u : 1u;
    if (has_room(flash, slot, seen[slot].free, size)) {
        status = append(flash, slot, seen[slot].free, sequence, bytes, (uint32_t)length);
    }
    if (status != SAFE_STATUS_OK) {
        /* Never the slot of the newest record: without one, slot 0 was tried and slot 1 is it. */
        slot = SAFE_STORE_SLOTS - 1u - slot;
        if (!has_room(flash, slot, 0, flash->slot_bytes)) {
            status = flash->erase(slot);
            if (status != SAFE_STATUS_OK) {
                return status;
            }
        }
        status = append(flash, slot, 0, sequence, bytes, (uint32_t)length);
    }
    return status;
}
