/* SPDX-License-Identifier: Apache-2.0 */
/* Two slots of two pages of 1 KiB as the store; chapter FMC. The chip has one bank, so the core
 * stands still while it is erased (at most 0.3 s a page) or programmed (data sheet, "Memory
 * characteristics"). */
#include "safe/store.h"

#include <string.h>

#include "gd32vf103.h"
#include "safe_target.h"

#ifdef SAFE_TARGET_STORE_ORIGIN

#define FLASH_KEYR FMC_KEY0
#define FLASH_KEY1 FMC_UNLOCK_1
#define FLASH_KEY2 FMC_UNLOCK_2
#define FLASH_SR FMC_STAT0
#define FLASH_SR_BUSY FMC_STAT0_BUSY
#define FLASH_SR_ERRORS FMC_STAT0_ERRORS
#define FLASH_SR_CLEARED (FMC_STAT0_ERRORS | FMC_STAT0_ENDF)
#define FLASH_CR FMC_CTL0
#define FLASH_CR_LOCK FMC_CTL0_LK
#define FLASH_CR_PROGRAM FMC_CTL0_PG
#define PAGE_BYTES 0x400u
#define UNIT_BYTES 4u
/** 0.5 s at 108 MHz and six cycles a poll, if the core ran on. */
#define POLLS 10000000u

static safe_status_t lock(void)
{
    FMC_CTL0 = FMC_CTL0_LK;
    return SAFE_STATUS_OK;
}

static safe_status_t flash_read(uint32_t address, uint8_t *bytes, size_t length)
{
    memcpy(bytes, (const void *)(uintptr_t)address, length);
    return SAFE_STATUS_OK;
}

static void start_erase(uint32_t address)
{
    FMC_CTL0 = FMC_CTL0_PER;
    FMC_ADDR0 = address;
    FMC_CTL0 = FMC_CTL0_PER | FMC_CTL0_START;
}

#include "kept_flash.h"

#endif
