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

#include "flash.h"

typedef char store_is_in_bank_1[SAFE_TARGET_STORE_ORIGIN < SAFE_FLASH_BANK_1_END ? 1 : -1];
typedef char slot_is_one_sector[SAFE_TARGET_STORE_SLOT_BYTES == SAFE_FLASH_SECTOR_BYTES ? 1 : -1];
typedef char
    slot_begins_a_sector[SAFE_TARGET_STORE_ORIGIN % SAFE_FLASH_SECTOR_BYTES == 0u ? 1 : -1];
typedef char
    slot_is_large[SAFE_TARGET_STORE_ORIGIN >= SAFE_FLASH_ORIGIN + SAFE_FLASH_SECTOR_BYTES ? 1 : -1];

static uint32_t address_of(uint32_t slot, uint32_t offset)
{
    return SAFE_TARGET_STORE_ORIGIN + slot * SAFE_TARGET_STORE_SLOT_BYTES + offset;
}

static safe_status_t store_read(uint32_t slot, uint32_t offset, uint8_t *bytes, size_t length)
{
    memcpy(bytes, (const void *)(uintptr_t)address_of(slot, offset), length);
    return SAFE_STATUS_OK;
}

SAFE_COLD static safe_status_t store_erase(uint32_t slot)
{
    return safe_flash_erase(SAFE_FLASH_SECTOR_AT(address_of(slot, 0)));
}

SAFE_COLD static safe_status_t store_program(uint32_t slot, uint32_t offset, const uint8_t *bytes,
                                             size_t length)
{
    return safe_flash_program(address_of(slot, offset), bytes, length);
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
