/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/port.h"

#include "cpu.h"
#include "driver.h"
#include "isr.h"
#include "safe_target.h"

static uint32_t s_boot_status;
static bool s_has_cycles;
static bool s_is_approximate;

/* What a driver that keeps its rate leaves out. */
__attribute__((weak)) uint32_t safe_uart_rate(uint32_t baud)
{
    (void)baud;
    return 0;
}

__attribute__((weak)) void safe_uart_set_rate(uint32_t baud)
{
    (void)baud;
}

/* What a driver without flash for a store, or without a watchdog, leaves out. */
__attribute__((weak)) const safe_store_flash_t *safe_port_store(void)
{
    return NULL;
}

__attribute__((weak)) void safe_port_watchdog_start(void)
{
}

__attribute__((weak)) void safe_port_watchdog_feed(void)
{
}

void safe_port_init(void)
{
    uint32_t status = safe_reset_cause();
    if (safe_fault_was_reported()) {
        status |= SAFE_PORT_RESET_FAULT;
    }
    status |= safe_clock_init();
    s_has_cycles = safe_cycles_init();
    if (!s_has_cycles && SAFE_CPU_HAS_CYCLES) {
        status |= SAFE_PORT_CYCLES_STUCK;
    }
    s_is_approximate = s_has_cycles && safe_cpu_counts_instructions();
    s_boot_status = status;
    safe_timebase_init();
    safe_uart_init();
}

uint32_t safe_port_status(void)
{
    return s_boot_status | safe_uart_status();
}

size_t safe_port_read(uint8_t *bytes, size_t capacity)
{
    return safe_uart_read(bytes, capacity);
}

safe_status_t safe_port_write(const uint8_t *bytes, size_t length)
{
    return safe_uart_write(bytes, length);
}

uint32_t safe_port_baud(uint32_t baud)
{
    return baud == 0u ? 0u : safe_uart_rate(baud);
}

void safe_port_set_baud(uint32_t baud)
{
    safe_uart_drain();
    safe_uart_set_rate(baud == 0u ? SAFE_TARGET_UART_BAUD : baud);
}

bool safe_port_cycles(uint32_t *cycles)
{
    if (!s_has_cycles) {
        return false;
    }
    *cycles = safe_cpu_cycles();
    return true;
}

bool safe_port_cycles_approximate(void)
{
    return s_is_approximate;
}

uint32_t safe_port_clock_hz(void)
{
    return SAFE_TARGET_CLOCK_HZ;
}

uint32_t safe_port_stack_used_bytes(void)
{
    size_t words = ((uintptr_t)__stack_end - (uintptr_t)__stack_start) / sizeof(uint32_t);
    size_t untouched = 0;
    while (untouched < words && __stack_start[untouched] == SAFE_STACK_PAINT) {
        untouched++;
    }
    return (uint32_t)((words - untouched) * sizeof(uint32_t));
}

void safe_port_idle(void)
{
    safe_cpu_wait();
}

void safe_port_reset(void)
{
    safe_uart_drain();
    safe_cpu_reset();
}
