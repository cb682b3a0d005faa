/* SPDX-License-Identifier: Apache-2.0 */
/** @file mps2.h The CMSDK UART of the Arm MPS2 and MPS3 boards; DDI0479D section 4.3. */
#ifndef SAFE_MPS2_H
#define SAFE_MPS2_H

#include <stdint.h>

typedef struct safe_cmsdk_uart {
    volatile uint32_t DATA;
    volatile uint32_t STATE;
    volatile uint32_t CTRL;
    volatile uint32_t INTSTATUS; /* write 1 to clear */
    volatile uint32_t BAUDDIV;   /* not below 16 */
} safe_cmsdk_uart_t;

#define CMSDK_STATE_TX_FULL (1u << 0)
#define CMSDK_STATE_RX_FULL (1u << 1)
#define CMSDK_STATE_RX_OVERRUN (1u << 3) /* write 1 to clear */
#define CMSDK_CTRL_TX_ENABLE (1u << 0)
#define CMSDK_CTRL_RX_ENABLE (1u << 1)
#define CMSDK_CTRL_RX_INTERRUPT (1u << 3)
#define CMSDK_INTERRUPT_RX (1u << 1)

#endif
