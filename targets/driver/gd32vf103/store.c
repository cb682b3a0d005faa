/* SPDX-License-Identifier: Apache-2.0 */
/* Two slots of two pages of 1 KiB as the store; chapter FMC. The chip has one bank, so the core
 * stands still while it is erased (at most 0.3 s a page) or programmed (data sheet, "Memory
 * characteristics"). */
#include "safe/store.h"

#include <string.h>

#include "gd32vf103.h"
#include "safe/port.h"
#include "safe_target.h"

#ifdef SAFE_TARGET_STORE_ORIGIN

#define PAGE_BYTES 0x400u
typedef char slot_is_two_pages[SAFE_TARGET_STORE_SLOT_BYTES == 2u * PAGE_BYTES ? 1 : -1];
typedef char slot_begins_a_page[SAFE_TARGET_STORE_ORIGIN % PAGE_BYTES == 0u ? 1 : -1];

/** Polls until ready, if the core ran on: 0.5 s at 108 MHz and six cycles a poll. */
#define POLLS 10000000u

static uint32_t address_of(uint32_t slot, uint32_t offset)
{
    return SAFE_TARGET_STORE_ORIGIN + slot * SAFE_TARGET_STORE_SLOT_BYTES + offset;
}

static safe_status_t wait_until_ready(void)
{
    for (uint32_t i = 0; i < POLLS; i++) {
        if ((FMC_STAT0 & FMC_STAT0_BUSY) == 0u) {
            return (FMC_STAT0 & FMC_STAT0_ERRORS) == 0u ? SAFE_STATUS_OK : SAFE_STATUS_STORAGE;
        }
    }
    return SAFE_STATUS_TIMEOUT;
}

static safe_status_t unlock(void)
{
    if ((FMC_CTL0 & FMC_CTL0_LK) != 0u) {
        FMC_KEY0 = FMC_UNLOCK_1;
        FMC_KEY0 = FMC_UNLOCK_2;
    }
    FMC_STAT0 = FMC_STAT0_ERRORS | FMC_STAT0_ENDF;
    return (FMC_CTL0 & FMC_CTL0_LK) == 0u ? wait_until_ready() : SAFE_STATUS_STORAGE;
}

static safe_status_t store_read(uint32_t slot, uint32_t offset, uint8_t *bytes, size_t length)
{
    memcpy(bytes, (const void *)(uintptr_t)address_of(slot, offset), length);
    return SAFE_STATUS_OK;
}

/* The second page first: a cut between them leaves records from the beginning on, as before. */
static safe_status_t store_erase(uint32_t slot)
{
    safe_status_t status = unlock();

    for (uint32_t page = 2u; status == SAFE_STATUS_OK && page > 0u; page--) {
        FMC_CTL0 = FMC_CTL0_PER;
        FMC_ADDR0 = address_of(slot, (page - 1u) * PAGE_BYTES);
        FMC_CTL0 = FMC_CTL0_PER | FMC_CTL0_START;
        status = wait_until_ready();
    }
    FMC_CTL0 = FMC_CTL0_LK;
    return status;
}

static safe_status_t store_program(uint32_t slot, uint32_t offset, const uint8_t *bytes,
                                   size_t length)
{
    safe_status_t status = unlock();

    if (status == SAFE_STATUS_OK) {
        FMC_CTL0 = FMC_CTL0_PG;
        for (size_t i = 0; status == SAFE_STATUS_OK && i < length; i += sizeof(uint32_t)) {
            uint32_t word;
            memcpy(&word, &bytes[i], sizeof word);
            *(volatile uint32_t *)(uintptr_t)(address_of(slot, offset) + i) = word;
            status = wait_until_ready();
        }
    }
    FMC_CTL0 = FMC_CTL0_LK;
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
