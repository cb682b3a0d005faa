/* SPDX-License-Identifier: Apache-2.0 */
/** @file store.h One small record that survives a reset and a power cut: a learned baseline.
 *
 * Two slots of flash hold a log each. A save appends a record to the slot that holds the newest
 * one; when that slot is full, the other is erased and takes it. So flash is erased once for many
 * saves, and the newest record never lies in a slot that is being erased.
 *
 * Layout of a record, in units of SAFE_STORE_UNIT_BYTES, all words little-endian:
 *
 *     header   magic, sequence, length in bytes, CRC-32 of these three words
 *     payload  `length` bytes, filled up with 0xFF to a whole unit
 *     commit   CRC-32 of header and payload, sequence, complement of sequence, magic
 *
 * The units are programmed in this order. A power cut leaves the record without its commit, and
 * the record before it stays the newest: a cut loses at most the save that it interrupts. A header
 * that was cut short hides how long its record is, so the rest of that slot is left alone until
 * the slot is erased.
 */
#ifndef SAFE_STORE_H
#define SAFE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "safe/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Slots of a store. */
#define SAFE_STORE_SLOTS 2u
/** Unit of programming: a multiple of what the flash of every target programs at once. */
#define SAFE_STORE_UNIT_BYTES 16u
/** Bytes of a record beside its payload. */
#define SAFE_STORE_OVERHEAD_BYTES (2u * SAFE_STORE_UNIT_BYTES)

/** What a target provides. Offsets count from the start of a slot.
 *
 * The calls run in the main context, are bounded in time, and return when the work is done. While
 * one of them erases or programs, a core that runs from the same flash bank stands still. */
typedef struct safe_store_flash {
    /** Bytes of each slot, a multiple of SAFE_STORE_UNIT_BYTES. */
    uint32_t slot_bytes;
    /** Copies `length` bytes. @return CORRUPT where the flash cannot be read back (a unit whose
     * programming was cut, on a flash with error correction). */
    safe_status_t (*read)(uint32_t slot, uint32_t offset, uint8_t *bytes, size_t length);
    /** Sets every byte of a slot to 0xFF. @return TIMEOUT or STORAGE when the flash refuses. */
    safe_status_t (*erase)(uint32_t slot);
    /** Programs whole units into erased flash. @return TIMEOUT or STORAGE when it refuses. */
    safe_status_t (*program)(uint32_t slot, uint32_t offset, const uint8_t *bytes, size_t length);
} safe_store_flash_t;

/** Copies the newest valid record.
 * @param flash the target's, not null
 * @param bytes where to, `capacity` bytes; untouched unless the result is OK
 * @param length bytes of the record
 * @return EMPTY when there is none, ARGUMENT when it is longer than `capacity`, CORRUPT when it
 * cannot be read a second time. */
SAFE_MUST_CHECK safe_status_t safe_store_load(const safe_store_flash_t *flash, uint8_t *bytes,
                                              size_t capacity, size_t *length);

/** Appends a record and reads it back.
 * @param length 1 to what fits into a slot beside SAFE_STORE_OVERHEAD_BYTES
 * @return ARGUMENT when it does not fit; STORAGE or TIMEOUT when neither slot takes it. Whatever
 * the result is, the record that was the newest is still there or replaced by this one. */
SAFE_MUST_CHECK safe_status_t safe_store_save(const safe_store_flash_t *flash, const uint8_t *bytes,
                                              size_t length);

#ifdef __cplusplus
}
#endif

#endif
