/* SPDX-License-Identifier: Apache-2.0 */
/* Sectors of 128 KiB as slots for models; RM0090 section 3.6. One bank: see store.c. What is
 * programmed here is code, too, which runs after the next reset. */
#include "safe/update.h"

#include <string.h>

#include "safe/compiler.h"
#include "safe/port.h"
#include "safe_target.h"

#ifdef SAFE_TARGET_UPDATE_ORIGIN

#include "flash.h"

#define SLOT_BYTES SAFE_TARGET_UPDATE_SLOT_BYTES
#define END (SAFE_TARGET_UPDATE_ORIGIN + SAFE_UPDATE_SLOTS * SLOT_BYTES)
typedef char slots_are_in_bank_1[END <= SAFE_FLASH_BANK_1_END ? 1 : -1];
typedef char slot_is_whole_sectors[SLOT_BYTES % SAFE_FLASH_SECTOR_BYTES == 0u ? 1 : -1];
typedef char
    slots_begin_a_sector[SAFE_TARGET_UPDATE_ORIGIN % SAFE_FLASH_SECTOR_BYTES == 0u ? 1 : -1];
typedef char
    slots_are_large[SAFE_TARGET_UPDATE_ORIGIN >= SAFE_FLASH_ORIGIN + SAFE_FLASH_SECTOR_BYTES ? 1
                                                                                             : -1];

static uint32_t address_of(uint32_t slot, uint32_t offset)
{
    return SAFE_TARGET_UPDATE_ORIGIN + slot * SLOT_BYTES + offset;
}

static safe_status_t update_read(uint32_t slot, uint32_t offset, uint8_t *bytes, size_t length)
{
    memcpy(bytes, (const void *)(uintptr_t)address_of(slot, offset), length);
    return SAFE_STATUS_OK;
}

/** Forgets cached code: the slot may have held what ran before this start. */
SAFE_COLD static void forget_code(void)
{
    FLASH_ACR &= ~FLASH_ACR_ICEN;
    FLASH_ACR |= FLASH_ACR_ICRST;
    FLASH_ACR &= ~FLASH_ACR_ICRST;
    FLASH_ACR |= FLASH_ACR_ICEN;
}

SAFE_COLD static safe_status_t update_erase(uint32_t slot)
{
    safe_status_t status = SAFE_STATUS_OK;

    for (uint32_t done = 0; status == SAFE_STATUS_OK && done < SLOT_BYTES;
         done += SAFE_FLASH_SECTOR_BYTES) {
        safe_port_watchdog_feed(); /* a sector takes up to 4 s */
        status = safe_flash_erase(SAFE_FLASH_SECTOR_AT(address_of(slot, done)));
    }
    forget_code();
    return status;
}

SAFE_COLD static safe_status_t update_program(uint32_t slot, uint32_t offset, const uint8_t *bytes,
                                              size_t length)
{
    return safe_flash_program(address_of(slot, offset), bytes, length);
}

const safe_store_flash_t *safe_port_update_flash(void)
{
    static const safe_store_flash_t flash = {
        .slot_bytes = SLOT_BYTES,
        .read = update_read,
        .erase = update_erase,
        .program = update_program,
    };
    return &flash;
}

#endif
