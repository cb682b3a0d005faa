/* SPDX-License-Identifier: Apache-2.0 */
/** @file virt.h QEMU's `virt`: hw/riscv/virt.c (map), hw/misc/sifive_test.c (reset), the
 * PC16550D data sheet. */
#ifndef SAFE_VIRT_H
#define SAFE_VIRT_H

#include <stdint.h>

#include "plic.h"

#define FINISHER SAFE_REGISTER(0x00100000u)
#define FINISHER_RESET 0x7777u

typedef struct safe_ns16550 {
    volatile uint8_t DATA; /* RBR, THR; divisor low with DLAB */
    volatile uint8_t IER;  /* divisor high with DLAB */
    volatile uint8_t FCR;
    volatile uint8_t LCR;
    volatile uint8_t MCR;
    volatile uint8_t LSR;
} safe_ns16550_t;

#define NS16550_IER_RX (1u << 0)
#define NS16550_FCR_ENABLE_AND_CLEAR 7u /* trigger level 1 */
#define NS16550_LCR_8N1 3u
#define NS16550_LCR_DLAB (1u << 7)
#define NS16550_LSR_RX_READY (1u << 0)
#define NS16550_LSR_ERRORS (0xFu << 1) /* overrun, parity, framing, break */
#define NS16550_LSR_TX_EMPTY (1u << 5)
#define NS16550_LSR_IDLE (1u << 6)

#endif
