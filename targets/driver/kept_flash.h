/* SPDX-License-Identifier: Apache-2.0 */
/** @file kept_flash.h The store, and the slots for models of an image with updates: erasing,
 * programming and what `safe/store.h` and `safe/update.h` ask for.
 *
 * Included by the store.c of a family, which defines before:
 *   FLASH_KEYR, FLASH_SR, FLASH_CR  registers: keys, status, control
 *   FLASH_KEY1, FLASH_KEY2, FLASH_CR_LOCK, FLASH_SR_BUSY, FLASH_SR_ERRORS
 *   FLASH_SR_CLEARED  what a write clears before an operation, where it is more than the errors
 *   FLASH_CR_PROGRAM  value of the control register in which units can be programmed
 *   PAGE_BYTES, UNIT_BYTES  what is erased, what is programmed at once; a unit is whole words
 *   POLLS          polls until an operation has ended
 *   lock()         locks the registers, and forgets what caches hold of this flash
 *   start_erase()  starts the erasure of the page at an address
 *   flash_read()   reads; CORRUPT where error correction fails
 */
#ifndef SAFE_KEPT_FLASH_H
#define SAFE_KEPT_FLASH_H

#include <string.h>

#include "safe/compiler.h"
#include "safe/port.h"
#include "safe/store.h"
#include "safe_target.h"

#ifndef FLASH_SR_CLEARED
#define FLASH_SR_CLEARED FLASH_SR_ERRORS
#endif

typedef char record_is_whole_units[SAFE_STORE_UNIT_BYTES % UNIT_BYTES == 0u ? 1 : -1];

static safe_status_t wait_until_ready(void)
{
    for (uint32_t i = 0; i < POLLS; i++) {
        if ((FLASH_SR & FLASH_SR_BUSY) == 0u) {
            return (FLASH_SR & FLASH_SR_ERRORS) == 0u ? SAFE_STATUS_OK : SAFE_STATUS_STORAGE;
        }
    }
    return SAFE_STATUS_TIMEOUT;
}

SAFE_COLD static safe_status_t unlock(void)
{
    if ((FLASH_CR & FLASH_CR_LOCK) != 0u) {
        FLASH_KEYR = FLASH_KEY1;
        FLASH_KEYR = FLASH_KEY2;
    }
    FLASH_SR = FLASH_SR_CLEARED;
    return (FLASH_CR & FLASH_CR_LOCK) == 0u ? wait_until_ready() : SAFE_STATUS_STORAGE;
}

/** Locks; returns `status`, or why locking failed where all before it was well. */
SAFE_COLD static safe_status_t finish(safe_status_t status)
{
    safe_status_t locked = lock();
    return status == SAFE_STATUS_OK ? locked : status;
}

/** Sets every byte of a page to 0xFF. */
SAFE_COLD static safe_status_t flash_erase(uint32_t address)
{
    safe_status_t status = unlock();

    if (status == SAFE_STATUS_OK) {
        start_erase(address);
        status = wait_until_ready();
    }
    return finish(status);
}

/** Programs whole units at the address of one. */
SAFE_COLD static safe_status_t flash_program(uint32_t address, const uint8_t *bytes, size_t length)
{
    safe_status_t status = unlock();

    if (status == SAFE_STATUS_OK) {
        FLASH_CR = FLASH_CR_PROGRAM;
        for (size_t i = 0; status == SAFE_STATUS_OK && i < length; i += UNIT_BYTES) {
            volatile uint32_t *to = (volatile uint32_t *)(uintptr_t)(address + i);
            for (size_t word = 0; word < UNIT_BYTES / sizeof(uint32_t); word++) {
                uint32_t value;
                memcpy(&value, &bytes[i + word * sizeof value], sizeof value);
                to[word] = value;
            }
            status = wait_until_ready();
        }
    }
    return finish(status);
}

#ifdef SAFE_TARGET_STORE_ORIGIN

typedef char store_is_whole_pages[SAFE_TARGET_STORE_ORIGIN % PAGE_BYTES == 0u &&
                                          SAFE_TARGET_STORE_SLOT_BYTES % PAGE_BYTES == 0u
                                      ? 1
                                      : -1];

static uint32_t store_address(uint32_t slot, uint32_t offset)
{
    return SAFE_TARGET_STORE_ORIGIN + slot * SAFE_TARGET_STORE_SLOT_BYTES + offset;
}

static safe_status_t store_read(uint32_t slot, uint32_t offset, uint8_t *bytes, size_t length)
{
    return flash_read(store_address(slot, offset), bytes, length);
}

/* The last page first: a cut between two leaves records from the beginning on, as before. */
SAFE_COLD static safe_status_t store_erase(uint32_t slot)
{
    safe_status_t status = SAFE_STATUS_OK;
    uint32_t left = SAFE_TARGET_STORE_SLOT_BYTES;

    while (status == SAFE_STATUS_OK && left > 0u) {
        left -= PAGE_BYTES;
        status = flash_erase(store_address(slot, left));
    }
    return status;
}

SAFE_COLD static safe_status_t store_program(uint32_t slot, uint32_t offset, const uint8_t *bytes,
                                             size_t length)
{
    return flash_program(store_address(slot, offset), bytes, length);
}

const safe_store_flash_t *safe_port_store(void)
{
    static const safe_store_flash_t flash = {
        .slot_bytes = SAFE_TARGET_STORE_SLOT_BYTES,
        .read = store_read,
        .erase = store_erase,
        .program = store_program,
    };
    return &flash;
}

#endif

#ifdef SAFE_TARGET_UPDATE_ORIGIN

#include "safe/update.h"

typedef char slots_are_whole_pages[SAFE_TARGET_UPDATE_ORIGIN % PAGE_BYTES == 0u &&
                                           SAFE_TARGET_UPDATE_SLOT_BYTES % PAGE_BYTES == 0u
                                       ? 1
                                       : -1];

static uint32_t update_address(uint32_t slot, uint32_t offset)
{
    return SAFE_TARGET_UPDATE_ORIGIN + slot * SAFE_TARGET_UPDATE_SLOT_BYTES + offset;
}

static safe_status_t update_read(uint32_t slot, uint32_t offset, uint8_t *bytes, size_t length)
{
    return flash_read(update_address(slot, offset), bytes, length);
}

/* The first page first: a slot whose erasure was cut has no header any more. */
SAFE_COLD static safe_status_t update_erase(uint32_t slot)
{
    safe_status_t status = SAFE_STATUS_OK;
    uint32_t done = 0;

    while (status == SAFE_STATUS_OK && done < SAFE_TARGET_UPDATE_SLOT_BYTES) {
        safe_port_watchdog_feed(); /* a large page takes seconds */
        status = flash_erase(update_address(slot, done));
        done += PAGE_BYTES;
    }
    return status;
}

SAFE_COLD static safe_status_t update_program(uint32_t slot, uint32_t offset, const uint8_t *bytes,
                                              size_t length)
{
    return flash_program(update_address(slot, offset), bytes, length);
}

const safe_store_flash_t *safe_port_update_flash(void)
{
    static const safe_store_flash_t flash = {
        .slot_bytes = SAFE_TARGET_UPDATE_SLOT_BYTES,
        .read = update_read,
        .erase = update_erase,
        .program = update_program,
    };
    return &flash;
}

#endif

#endif
