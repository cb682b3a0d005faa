/* SPDX-License-Identifier: Apache-2.0 */
/* Two sectors of 128 KiB as the store; RM0090 section 3.6. The chip has one bank: while it erases
 * or programs, the core stands still at its next fetch from flash, interrupts included. */
#include "safe/store.h"
#include "safe/compiler.h"

#include <stdbool.h>
#include <string.h>

#include "safe/port.h"
#include "safe_target.h"
#include "stm32f4.h"

#ifdef SAFE_TARGET_STORE_ORIGIN

#define FLASH_ORIGIN 0x08000000u
/** Sectors 0 to 3 have 16 KiB, sector 4 has 64 KiB: together one of the others. */
#define LARGE_SECTOR_BYTES 0x20000u
#define FIRST_LARGE_SECTOR 5u
/** The second bank of larger parts numbers its sectors otherwise. */
#define BANK_1_END 0x08100000u
typedef char store_is_in_bank_1[SAFE_TARGET_STORE_ORIGIN < BANK_1_END ? 1 : -1];
typedef char slot_is_one_sector[SAFE_TARGET_STORE_SLOT_BYTES == LARGE_SECTOR_BYTES ? 1 : -1];
typedef char slot_begins_a_sector[SAFE_TARGET_STORE_ORIGIN % LARGE_SECTOR_BYTES == 0u ? 1 : -1];
typedef char slot_is_large[SAFE_TARGET_STORE_ORIGIN >= FLASH_ORIGIN + LARGE_SECTOR_BYTES ? 1 : -1];

/** Polls until ready: the core stands still meanwhile, so few are needed. Enough for the 4 s that
 * an erase takes at most (DS8626, table "Flash memory programming") at 168 MHz and six cycles a
 * poll, if it ran on. */
#define POLLS 120000000u

static uint32_t address_of(uint32_t slot, uint32_t offset)
{
    return SAFE_TARGET_STORE_ORIGIN + slot * SAFE_TARGET_STORE_SLOT_BYTES + offset;
}

static safe_status_t wait_until_ready(void)
{
    for (uint32_t i = 0; i < POLLS; i++) {
        if ((FLASH_SR & FLASH_SR_BSY) == 0u) {
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
    FLASH_SR = FLASH_SR_ERRORS;
    return (FLASH_CR & FLASH_CR_LOCK) == 0u ? wait_until_ready() : SAFE_STATUS_STORAGE;
}

/** Forgets cached data: the caches do not see what erasing and programming change (section 3.5.2).
 * The store holds no code, so the instruction cache may stay. */
SAFE_COLD static void lock(void)
{
    FLASH_CR = FLASH_CR_LOCK;
    FLASH_ACR &= ~FLASH_ACR_DCEN;
    FLASH_ACR |= FLASH_ACR_DCRST;
    FLASH_ACR &= ~FLASH_ACR_DCRST;
    FLASH_ACR |= FLASH_ACR_DCEN;
}

static safe_status_t store_read(uint32_t slot, uint32_t offset, uint8_t *bytes, size_t length)
{
    memcpy(bytes, (const void *)(uintptr_t)address_of(slot, offset), length);
    return SAFE_STATUS_OK;
}

SAFE_COLD static safe_status_t store_erase(uint32_t slot)
{
    uint32_t sector = (address_of(slot, 0) - FLASH_ORIGIN) / LARGE_SECTOR_BYTES;
    safe_status_t status = unlock();

    if (status == SAFE_STATUS_OK) {
        uint32_t number = FIRST_LARGE_SECTOR + sector - 1u;
        FLASH_CR = FLASH_CR_PSIZE_WORD | FLASH_CR_SER | (number << FLASH_CR_SNB_SHIFT);
        FLASH_CR |= FLASH_CR_STRT;
        status = wait_until_ready();
    }
    lock();
    return status;
}

SAFE_COLD static safe_status_t store_program(uint32_t slot, uint32_t offset, const uint8_t *bytes,
                                             size_t length)
{
    safe_status_t status = unlock();

    if (status == SAFE_STATUS_OK) {
        FLASH_CR = FLASH_CR_PSIZE_WORD | FLASH_CR_PG;
        for (size_t i = 0; status == SAFE_STATUS_OK && i < length; i += sizeof(uint32_t)) {
            uint32_t word;
            memcpy(&word, &bytes[i], sizeof word);
            *(volatile uint32_t *)(uintptr_t)(address_of(slot, offset) + i) = word;
            status = wait_until_ready();
        }
    }
    lock();
    return status;
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
