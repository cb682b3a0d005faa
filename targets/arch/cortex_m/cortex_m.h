/* SPDX-License-Identifier: Apache-2.0 */
/** @file cortex_m.h The few core registers in use; sections of the Armv7-M ARM (DDI 0403E). Armv6-M
 * and Armv8-M Baseline (`SAFE_CORTEX_BASELINE`) have neither the fault registers, CPACR nor a cycle
 * counter (DDI 0419E sections B3.2.2 and C1.8; DDI 0553). */
#ifndef SAFE_CORTEX_M_H
#define SAFE_CORTEX_M_H

#include <stdint.h>

#define SAFE_CORTEX_BASELINE (__ARM_ARCH_ISA_THUMB == 1)

#define SAFE_CORE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SCB_ICSR SAFE_CORE_REGISTER(0xE000ED04u)  /* B3.2.4 */
#define SCB_VTOR SAFE_CORE_REGISTER(0xE000ED08u)  /* B3.2.5 */
#define SCB_AIRCR SAFE_CORE_REGISTER(0xE000ED0Cu) /* B3.2.6 */
#define SCB_CCR SAFE_CORE_REGISTER(0xE000ED14u)   /* B3.2.8 */
#define SCB_CFSR SAFE_CORE_REGISTER(0xE000ED28u)  /* B3.2.15 */
#define SCB_HFSR SAFE_CORE_REGISTER(0xE000ED2Cu)  /* B3.2.16 */
#define SCB_MMFAR SAFE_CORE_REGISTER(0xE000ED34u) /* B3.2.18 */
#define SCB_BFAR SAFE_CORE_REGISTER(0xE000ED38u)  /* B3.2.17 */
#define SCB_CPACR SAFE_CORE_REGISTER(0xE000ED88u) /* B3.2.20 */
#define SCB_CCR_UNALIGN_TRP (1u << 3)
#define SCB_AIRCR_KEY (0x05FAu << 16)
#define SCB_AIRCR_SYSRESETREQ (1u << 2)
#define SCB_CPACR_FPU_FULL (0xFu << 20)

#define SYST_CSR SAFE_CORE_REGISTER(0xE000E010u) /* B3.3.3 */
#define SYST_RVR SAFE_CORE_REGISTER(0xE000E014u) /* B3.3.4 */
#define SYST_CVR SAFE_CORE_REGISTER(0xE000E018u) /* B3.3.5 */
#define SYST_CSR_ENABLE_IRQ_CORE_CLOCK 7u

#define NVIC_ISER(word) SAFE_CORE_REGISTER(0xE000E100u + 4u * (word)) /* B3.4.4 */

#define DEMCR SAFE_CORE_REGISTER(0xE000EDFCu) /* C1.6.5 */
#define DEMCR_TRCENA (1u << 24)
#define DWT_CTRL SAFE_CORE_REGISTER(0xE0001000u)   /* C1.8.7 */
#define DWT_CYCCNT SAFE_CORE_REGISTER(0xE0001004u) /* C1.8.8 */
#define DWT_CTRL_CYCCNTENA (1u << 0)

/** Lets interrupt line `irq` through. */
static inline void safe_cortex_irq_enable(uint32_t irq)
{
    NVIC_ISER(irq >> 5) = 1u << (irq & 31u);
}

/** Completes memory accesses and refetches, so that a control register takes effect. */
static inline void safe_cortex_barrier(void)
{
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

#endif
