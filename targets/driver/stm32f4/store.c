/* SPDX-License-Identifier: Apache-2.0 */
/* Sectors of 128 KiB as the store and as slots for models; RM0090 section 3.6. The chip has one
 * bank: while it erases or programs, the core stands still at its next fetch from flash, interrupts
 * included. */
#include "safe/store.h"

#include <string.h>

#include "safe_target.h"
#include "stm32f4.h"

#if defined(SAFE_TARGET_STORE_ORIGIN) || defined(SAFE_TARGET_UPDATE_ORIGIN)

/* Of its sectors this takes those of 128 KiB only. Sectors 0 to 3 have 16 KiB, sector 4 has 64 KiB:
 * together one of the others. The second bank of larger parts numbers its sectors otherwise. */
#define PAGE_BYTES 0x20000u
#define FIRST_LARGE (0x08000000u + PAGE_BYTES)
#define BANK_1_END 0x08100000u
#define IS_LARGE_IN_BANK_1(origin, bytes)                                                          \
    ((origin) >= FIRST_LARGE && (origin) + 2u * (bytes) <= BANK_1_END)
#ifdef SAFE_TARGET_STORE_ORIGIN
typedef char
    store_is_large[IS_LARGE_IN_BANK_1(SAFE_TARGET_STORE_ORIGIN, SAFE_TARGET_STORE_SLOT_BYTES) ? 1
                                                                                              : -1];
#endif
#ifdef SAFE_TARGET_UPDATE_ORIGIN
typedef char slots_are_large
    [IS_LARGE_IN_BANK_1(SAFE_TARGET_UPDATE_ORIGIN, SAFE_TARGET_UPDATE_SLOT_BYTES) ? 1 : -1];
#endif

#ifdef SAFE_TARGET_UPDATE_ORIGIN
#define FLASH_ACR_CACHES (FLASH_ACR_DCEN | FLASH_ACR_ICEN)
#define FLASH_ACR_FORGET (FLASH_ACR_DCRST | FLASH_ACR_ICRST)
#else
#define FLASH_ACR_CACHES FLASH_ACR_DCEN
#define FLASH_ACR_FORGET FLASH_ACR_DCRST
#endif
#define UNIT_BYTES 4u
#define FLASH_CR_PROGRAM (FLASH_CR_PSIZE_WORD | FLASH_CR_PG)
/** The core stands still meanwhile, so few are needed. Enough for the 4 s that an erase takes at
 * most (DS8626, table "Flash memory programming") at 168 MHz and six cycles a poll, if it ran on.
 */
#define POLLS 120000000u

/* The caches do not see what erasing and programming change (section 3.5.2). That of instructions
 * may hold what ran in a slot for a model before. */
static safe_status_t lock(void)
{
    FLASH_CR = FLASH_CR_LOCK;
    FLASH_ACR &= ~FLASH_ACR_CACHES;
    FLASH_ACR |= FLASH_ACR_FORGET;
    FLASH_ACR &= ~FLASH_ACR_FORGET;
    FLASH_ACR |= FLASH_ACR_CACHES;
    return SAFE_STATUS_OK;
}

static safe_status_t flash_read(uint32_t address, uint8_t *bytes, size_t length)
{
    memcpy(bytes, (const void *)(uintptr_t)address, length);
    return SAFE_STATUS_OK;
}

static void start_erase(uint32_t address)
{
    uint32_t sector = 5u + (address - FIRST_LARGE) / PAGE_BYTES;

    FLASH_CR = FLASH_CR_PSIZE_WORD | FLASH_CR_SER | (sector << FLASH_CR_SNB_SHIFT);
    FLASH_CR |= FLASH_CR_STRT;
}

#include "kept_flash.h"

#endif
