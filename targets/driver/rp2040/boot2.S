/* SPDX-License-Identifier: Apache-2.0 */
/* Second stage of the RP2040: the 256 bytes at the start of flash. The ROM copies them to the end of
 * SRAM and calls them there, if the checksum in the last word is right; they let flash appear at
 * 0x10000000 and enter the image behind them.
 *
 * Every QSPI flash knows the command 03h, a read over one wire: 32 bits of command and address, then
 * 32 of data for each word that the cache misses, at a quarter of the core's clock. Faster modes
 * differ from maker to maker. RP2040 Datasheet, "Bootrom", "SSI", "XIP".
 *
 * boot2.c has the words, which tests/unit/targets/test_rp2040.py assembles again from this file. */
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ SSI, 0x18000000
    .equ SSI_CTRLR0, 0x00
    .equ SSI_CTRLR1, 0x04
    .equ SSI_SSIENR, 0x08
    .equ SSI_BAUDR, 0x14
    .equ SSI_SPI_CTRLR0, 0x180000F4
    .equ VTOR, 0xE000ED08
    .equ IMAGE, 0x10000100

    .text
    .thumb_func
    .global safe_boot2_start
safe_boot2_start:
    ldr   r0, =SSI
    movs  r1, #0
    str   r1, [r0, #SSI_SSIENR]     /* off while it is set up */
    movs  r2, #4
    str   r2, [r0, #SSI_BAUDR]      /* clk_sys / 4: 31 MHz at 125, where 03h allows 33 and more */
    ldr   r2, =0x001F0300           /* one wire, 32 bits a word, "EEPROM read" */
    str   r2, [r0, #SSI_CTRLR0]
    str   r1, [r0, #SSI_CTRLR1]     /* one word a read */
    ldr   r3, =SSI_SPI_CTRLR0
    ldr   r2, =0x03000218           /* command 03h of 8 bits, address of 24, over one wire */
    str   r2, [r3]
    movs  r1, #1
    str   r1, [r0, #SSI_SSIENR]
    ldr   r0, =IMAGE                /* its vector table: stack pointer, then the entry */
    ldr   r1, =VTOR
    str   r0, [r1]
    ldmia r0!, {r1, r2}
    msr   msp, r1
    bx    r2
    .ltorg
