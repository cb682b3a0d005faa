/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32_bank_flash.h Pages of bank 2 as the store and as slots for models, for families of
 * two banks; chapter FLASH of RM0444 and RM0456. The application runs from bank 1 meanwhile.
 *
 * Each unit of programming carries an error correcting code: it is programmed once after an erase,
 * and one whose programming was cut may read back with two wrong bits, which raises an NMI.
 *
 * Included by the store.c of a family, which defines what kept_flash.h asks for, but for erasing
 * and reading, and:
 *   FLASH_ECCR  the register, where the family names it otherwise
 *   FIRST_PAGE  number of the first page of bank 2
 */
#ifndef SAFE_STM32_BANK_FLASH_H
#define SAFE_STM32_BANK_FLASH_H

#include "safe/store.h"

#include <stdbool.h>

#include "cortex_m.h"
#include "isr.h"

/** Each half of the flash is a bank. */
#define BANK_2_ORIGIN (0x08000000u + SAFE_TARGET_FLASH_BYTES / 2u)
#ifdef SAFE_TARGET_STORE_ORIGIN
typedef char store_is_in_bank_2[SAFE_TARGET_STORE_ORIGIN >= BANK_2_ORIGIN ? 1 : -1];
#endif
#ifdef SAFE_TARGET_UPDATE_ORIGIN
typedef char slots_are_in_bank_2[SAFE_TARGET_UPDATE_ORIGIN >= BANK_2_ORIGIN ? 1 : -1];
#endif

/** Set by the NMI while `is_reading`, main context otherwise. */
static volatile bool s_is_damaged;
static volatile bool s_is_reading;

bool safe_isr_nmi_is_handled(void) __attribute__((used));

/** Takes an NMI that a read of kept flash raised. @return false when it came from elsewhere. */
bool safe_isr_nmi_is_handled(void)
{
    if (!s_is_reading || (FLASH_ECCR & FLASH_ECCR_ECCD) == 0u) {
        return false;
    }
    FLASH_ECCR |= FLASH_ECCR_ECCD;
    s_is_damaged = true;
    return true;
}

/* Any other NMI is reported as every unexpected exception is, with the frame where the core put it:
 * so this pushes and pops by itself. Instructions of Armv6-M, which every core has. */
__attribute__((naked)) void safe_isr_nmi(void)
{
    __asm__ volatile(".syntax unified\n\t"
                     "push  {r4, lr}\n\t"
                     "bl    safe_isr_nmi_is_handled\n\t"
                     "cmp   r0, #0\n\t"
                     "beq   1f\n\t"
                     "pop   {r4, pc}\n"
                     "1:\n\t"
                     "pop   {r4}\n\t"
                     "pop   {r1}\n\t"
                     "mov   lr, r1\n\t"
                     "ldr   r0, =safe_isr_unexpected\n\t" /* a branch might not reach it */
                     "bx    r0\n\t"
                     ".ltorg\n");
}

static safe_status_t flash_read(uint32_t address, uint8_t *bytes, size_t length)
{
    s_is_damaged = false;
    s_is_reading = true;
    for (size_t i = 0; i < length; i++) {
        bytes[i] = *(const volatile uint8_t *)(uintptr_t)(address + i);
    }
    safe_cortex_barrier(); /* an NMI of the last read arrives before this ends */
    s_is_reading = false;
    return s_is_damaged ? SAFE_STATUS_CORRUPT : SAFE_STATUS_OK;
}

static void start_erase(uint32_t address)
{
    uint32_t page = FIRST_PAGE + (address - BANK_2_ORIGIN) / PAGE_BYTES;

    FLASH_CR = FLASH_CR_PER | FLASH_CR_BKER | (page << FLASH_CR_PNB_SHIFT);
    FLASH_CR |= FLASH_CR_STRT;
}

#define FLASH_CR_PROGRAM FLASH_CR_PG
#include "kept_flash.h"

#endif
