/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of 2 KiB, programmed by double words; RM0444 chapter FLASH, as stm32_bank_flash.h says. */
#include "safe/status.h"

#include "safe_target.h"
#include "stm32g0.h"

#if defined(SAFE_TARGET_STORE_ORIGIN) || defined(SAFE_TARGET_UPDATE_ORIGIN)

#define FLASH_ECCR FLASH_ECC2R
#define PAGE_BYTES 0x800u
#define UNIT_BYTES 8u
#define FIRST_PAGE 256u
/** 125 ms at 64 MHz: a page is erased in at most 40 ms, a double word programmed in at most
 * 0.125 ms (DS13560, table "Flash memory characteristics"). */
#define POLLS 1000000u

/* The cache of instructions may hold what ran in a slot for a model before (chapter FLASH,
 * "Instruction cache"). */
static safe_status_t lock(void)
{
    FLASH_CR = FLASH_CR_LOCK;
#ifdef SAFE_TARGET_UPDATE_ORIGIN
    FLASH_ACR &= ~FLASH_ACR_ICEN;
    FLASH_ACR |= FLASH_ACR_ICRST;
    FLASH_ACR &= ~FLASH_ACR_ICRST;
    FLASH_ACR |= FLASH_ACR_ICEN;
#endif
    return SAFE_STATUS_OK;
}

#include "stm32_bank_flash.h"

#endif
