/* SPDX-License-Identifier: Apache-2.0 */
/** @file stm32_bank_store.h Two pages of bank 2 as the store, for families of two banks; chapter
 * FLASH of RM0444 and RM0456. The image runs from bank 1 meanwhile.
 *
 * Each unit of programming carries an error correcting code: it is programmed once after an erase,
 * and one whose programming was cut may read back with two wrong bits, which raises an NMI.
 *
 * Included by the store.c of a family, which defines before:
 *   FLASH_KEYR, FLASH_SR, FLASH_CR, FLASH_ECCR  registers, where the family names them otherwise
 *   PAGE_BYTES, UNIT_BYTES  what is erased, what is programmed at once
 *   FIRST_PAGE  number of the first page of bank 2
 *   POLLS       polls, of about eight cycles, until an operation has ended
 *   lock()      locks the registers, and forgets what a cache holds of the store
 */
#ifndef SAFE_STM32_BANK_STORE_H
#define SAFE_STM32_BANK_STORE_H

#include "safe/store.h"

#include <stdbool.h>
#include <string.h>

#include "cortex_m.h"
#include "isr.h"
#include "safe/port.h"

/** Each half of the flash is a bank. */
#define BANK_2_ORIGIN (0x08000000u + SAFE_TARGET_FLASH_BYTES / 2u)
typedef char slot_is_one_page[SAFE_TARGET_STORE_SLOT_BYTES == PAGE_BYTES ? 1 : -1];
typedef char slot_begins_a_page[SAFE_TARGET_STORE_ORIGIN % PAGE_BYTES == 0u ? 1 : -1];
typedef char slot_is_in_bank_2[SAFE_TARGET_STORE_ORIGIN >= BANK_2_ORIGIN ? 1 : -1];
typedef char record_is_whole_units[SAFE_STORE_UNIT_BYTES % UNIT_BYTES == 0u ? 1 : -1];

/** Set by the NMI while `is_reading`, main context otherwise. */
static volatile bool s_is_damaged;
static volatile bool s_is_reading;

bool safe_isr_nmi_is_handled(void) __attribute__((used));

/** Takes an NMI that a read of the store raised. @return false when it came from elsewhere. */
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

static uint32_t address_of(uint32_t slot, uint32_t offset)
{
    return SAFE_TARGET_STORE_ORIGIN + slot * SAFE_TARGET_STORE_SLOT_BYTES + offset;
}

static safe_status_t wait_until_ready(void)
{
    for (uint32_t i = 0; i < POLLS; i++) {
        if ((FLASH_SR & FLASH_SR_BUSY) == 0u) {
            return (FLASH_SR & FLASH_SR_ERRORS) == 0u ? SAFE_STATUS_OK : SAFE_STATUS_STORAGE;
        }
    }
    return SAFE_STATUS_TIMEOUT;
}

static safe_status_t unlock(void)
{
    if ((FLASH_CR & FLASH_CR_LOCK) != 0u) {
        FLASH_KEYR = FLASH_KEY1;
        FLASH_KEYR = FLASH_KEY2;
    }
    FLASH_SR = FLASH_SR_ERRORS;
    return (FLASH_CR & FLASH_CR_LOCK) == 0u ? wait_until_ready() : SAFE_STATUS_STORAGE;
}

/** Locks; returns `status`, or why locking failed where all before it was well. */
static safe_status_t finish(safe_status_t status)
{
    safe_status_t locked = lock();
    return status == SAFE_STATUS_OK ? locked : status;
}

static safe_status_t store_read(uint32_t slot, uint32_t offset, uint8_t *bytes, size_t length)
{
    s_is_damaged = false;
    s_is_reading = true;
    for (size_t i = 0; i < length; i++) {
        bytes[i] = *(const volatile uint8_t *)(uintptr_t)(address_of(slot, offset) + i);
    }
    safe_cortex_barrier(); /* an NMI of the last read arrives before this ends */
    s_is_reading = false;
    return s_is_damaged ? SAFE_STATUS_CORRUPT : SAFE_STATUS_OK;
}

static safe_status_t store_erase(uint32_t slot)
{
    uint32_t page = FIRST_PAGE + (address_of(slot, 0) - BANK_2_ORIGIN) / PAGE_BYTES;
    safe_status_t status = unlock();

    if (status == SAFE_STATUS_OK) {
        FLASH_CR = FLASH_CR_PER | FLASH_CR_BKER | (page << FLASH_CR_PNB_SHIFT);
        FLASH_CR |= FLASH_CR_STRT;
        status = wait_until_ready();
    }
    return finish(status);
}

static safe_status_t store_program(uint32_t slot, uint32_t offset, const uint8_t *bytes,
                                   size_t length)
{
    safe_status_t status = unlock();

    if (status == SAFE_STATUS_OK) {
        FLASH_CR = FLASH_CR_PG;
        for (size_t i = 0; status == SAFE_STATUS_OK && i < length; i += UNIT_BYTES) {
            volatile uint32_t *to = (volatile uint32_t *)(uintptr_t)(address_of(slot, offset) + i);
            for (size_t word = 0; word < UNIT_BYTES / sizeof(uint32_t); word++) {
                uint32_t value;
                memcpy(&value, &bytes[i + word * sizeof value], sizeof value);
                to[word] = value;
            }
            status = wait_until_ready();
        }
    }
    return finish(status);
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
