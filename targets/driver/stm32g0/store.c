/* SPDX-License-Identifier: Apache-2.0 */
/* Two pages of 2 KiB in bank 2 as the store; RM0444 chapter FLASH. The image runs from bank 1
 * meanwhile. Each double word carries an error correcting code: it is programmed once after an
 * erase, and one whose programming was cut may read back with two wrong bits, which raises an NMI.
 */
#include "safe/store.h"

#include <stdbool.h>
#include <string.h>

#include "cortex_m.h"
#include "isr.h"
#include "safe/port.h"
#include "safe_target.h"
#include "stm32g0.h"

#ifdef SAFE_TARGET_STORE_ORIGIN

#define PAGE_BYTES 0x800u
#define DOUBLE_WORD_BYTES 8u
/** Each half of the flash is a bank. */
#define BANK_2_ORIGIN (0x08000000u + SAFE_TARGET_FLASH_BYTES / 2u)
typedef char slot_is_one_page[SAFE_TARGET_STORE_SLOT_BYTES == PAGE_BYTES ? 1 : -1];
typedef char slot_begins_a_page[SAFE_TARGET_STORE_ORIGIN % PAGE_BYTES == 0u ? 1 : -1];
typedef char slot_is_in_bank_2[SAFE_TARGET_STORE_ORIGIN >= BANK_2_ORIGIN ? 1 : -1];
typedef char unit_is_double_words[SAFE_STORE_UNIT_BYTES % DOUBLE_WORD_BYTES == 0u ? 1 : -1];

/** The first page of bank 2 has this number: RM0444 FLASH, memory organisation. */
#define FIRST_PAGE 256u

/** Polls of about eight cycles, 125 ms at 64 MHz: a page is erased in at most 40 ms, a double word
 * programmed in at most 0.125 ms (DS13560, table "Flash memory characteristics"). */
#define POLLS 1000000u

/** Set by the NMI while `is_reading`, main context otherwise. */
static volatile bool s_is_damaged;
static volatile bool s_is_reading;

bool safe_isr_nmi_is_handled(void) __attribute__((used));

/** Takes an NMI that a read of the store raised. @return false when it came from elsewhere. */
bool safe_isr_nmi_is_handled(void)
{
    if (!s_is_reading || (FLASH_ECC2R & FLASH_ECC2R_ECCD) == 0u) {
        return false;
    }
    FLASH_ECC2R |= FLASH_ECC2R_ECCD;
    s_is_damaged = true;
    return true;
}

/* Any other NMI is reported as every unexpected exception is, with the frame where the core put it:
 * so this pushes and pops by itself. */
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
        if ((FLASH_SR & (FLASH_SR_BSY2 | FLASH_SR_CFGBSY)) == 0u) {
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
    FLASH_CR = FLASH_CR_LOCK;
    return status;
}

static safe_status_t store_program(uint32_t slot, uint32_t offset, const uint8_t *bytes,
                                   size_t length)
{
    safe_status_t status = unlock();

    if (status == SAFE_STATUS_OK) {
        FLASH_CR = FLASH_CR_PG;
        for (size_t i = 0; status == SAFE_STATUS_OK && i < length; i += DOUBLE_WORD_BYTES) {
            volatile uint32_t *to = (volatile uint32_t *)(uintptr_t)(address_of(slot, offset) + i);
            for (size_t word = 0; word < DOUBLE_WORD_BYTES / sizeof(uint32_t); word++) {
                uint32_t value;
                memcpy(&value, &bytes[i + word * sizeof value], sizeof value);
                to[word] = value;
            }
            status = wait_until_ready();
        }
    }
    FLASH_CR = FLASH_CR_LOCK;
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
