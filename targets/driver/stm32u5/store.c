/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of 8 KiB, programmed by quad-words; RM0456 chapter FLASH, as stm32_bank_flash.h says. */
#include "safe/status.h"

#include "safe_target.h"
#include "stm32u5.h"

#if defined(SAFE_TARGET_STORE_ORIGIN) || defined(SAFE_TARGET_UPDATE_ORIGIN)

/* The registers for non-secure code. */
#define FLASH_KEYR FLASH_NSKEYR
#define FLASH_SR FLASH_NSSR
#define FLASH_CR FLASH_NSCR
#define PAGE_BYTES 0x2000u
#define UNIT_BYTES 16u
#define FIRST_PAGE 0u
/** 25 ms at 160 MHz: a page is erased in at most 3.4 ms, a quad-word programmed in at most 0.2 ms
 * (DS13737, table "Flash memory characteristics"). */
#define POLLS 500000u

/* The cache does not see what erasing and programming change (chapter ICACHE, "Cache
 * maintenance"). */
static safe_status_t lock(void)
{
    FLASH_CR = FLASH_CR_LOCK;
    ICACHE_CR |= ICACHE_CR_CACHEINV;
    for (uint32_t i = 0; i < POLLS; i++) {
        if ((ICACHE_SR & ICACHE_SR_BUSYF) == 0u) {
            return SAFE_STATUS_OK;
        }
    }
    return SAFE_STATUS_TIMEOUT;
}

#include "stm32_bank_flash.h"

#endif
