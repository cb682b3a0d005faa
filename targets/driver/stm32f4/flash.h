/* SPDX-License-Identifier: Apache-2.0 */
/** @file flash.h Erasing a sector and programming words; RM0090 section 3.6. Included by each file
 * that keeps something in flash: the functions are inlined or dropped there. */
#ifndef SAFE_STM32F4_FLASH_H
#define SAFE_STM32F4_FLASH_H

#include <string.h>

#include "safe/compiler.h"
#include "safe/status.h"
#include "stm32f4.h"

#define SAFE_FLASH_ORIGIN 0x08000000u
/** Sectors 0 to 3 have 16 KiB, sector 4 has 64 KiB: together one of the others. */
#define SAFE_FLASH_SECTOR_BYTES 0x20000u
/** The second bank of larger parts numbers its sectors otherwise. */
#define SAFE_FLASH_BANK_1_END 0x08100000u
/** Number of the large sector at an address of bank 1. */
#define SAFE_FLASH_SECTOR_AT(address)                                                              \
    (5u + ((address)-SAFE_FLASH_ORIGIN) / SAFE_FLASH_SECTOR_BYTES - 1u)

/** Polls until ready: the core stands still meanwhile, so few are needed. Enough for the 4 s that
 * an erase takes at most (DS8626, table "Flash memory programming") at 168 MHz and six cycles a
 * poll, if it ran on. */
#define SAFE_FLASH_POLLS 120000000u

static safe_status_t safe_flash_wait(void)
{
    for (uint32_t i = 0; i < SAFE_FLASH_POLLS; i++) {
        if ((FLASH_SR & FLASH_SR_BSY) == 0u) {
            return (FLASH_SR & FLASH_SR_ERRORS) == 0u ? SAFE_STATUS_OK : SAFE_STATUS_STORAGE;
        }
    }
    return SAFE_STATUS_TIMEOUT;
}

SAFE_COLD static safe_status_t safe_flash_unlock(void)
{
    if ((FLASH_CR & FLASH_CR_LOCK) != 0u) {
        FLASH_KEYR = FLASH_KEY1;
        FLASH_KEYR = FLASH_KEY2;
    }
    FLASH_SR = FLASH_SR_ERRORS;
    return (FLASH_CR & FLASH_CR_LOCK) == 0u ? safe_flash_wait() : SAFE_STATUS_STORAGE;
}

/** Forgets cached data: the caches do not see what erasing and programming change (section 3.5.2).
 * The instruction cache may stay: no code that runs changes. */
SAFE_COLD static void safe_flash_lock(void)
{
    FLASH_CR = FLASH_CR_LOCK;
    FLASH_ACR &= ~FLASH_ACR_DCEN;
    FLASH_ACR |= FLASH_ACR_DCRST;
    FLASH_ACR &= ~FLASH_ACR_DCRST;
    FLASH_ACR |= FLASH_ACR_DCEN;
}

/** Sets every byte of a sector to 0xFF. */
SAFE_COLD static safe_status_t safe_flash_erase(uint32_t sector)
{
    safe_status_t status = safe_flash_unlock();

    if (status == SAFE_STATUS_OK) {
        FLASH_CR = FLASH_CR_PSIZE_WORD | FLASH_CR_SER | (sector << FLASH_CR_SNB_SHIFT);
        FLASH_CR |= FLASH_CR_STRT;
        status = safe_flash_wait();
    }
    safe_flash_lock();
    return status;
}

/** Programs whole words at an address that is a multiple of four. */
SAFE_COLD static safe_status_t safe_flash_program(uint32_t address, const uint8_t *bytes,
                                                  size_t length)
{
    safe_status_t status = safe_flash_unlock();

    if (status == SAFE_STATUS_OK) {
        FLASH_CR = FLASH_CR_PSIZE_WORD | FLASH_CR_PG;
        for (size_t i = 0; status == SAFE_STATUS_OK && i < length; i += sizeof(uint32_t)) {
            uint32_t word;
            memcpy(&word, &bytes[i], sizeof word);
            *(volatile uint32_t *)(uintptr_t)(address + i) = word;
            status = safe_flash_wait();
        }
    }
    safe_flash_lock();
    return status;
}

#endif
