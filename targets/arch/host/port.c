/* SPDX-License-Identifier: Apache-2.0 */
/* The port of a Linux process: time, reset, and the line of line.c. There is no cycle counter, no
 * core clock and no painted stack; their calls say so. */
#define _POSIX_C_SOURCE 200809L

#include "safe/port.h"

#include <time.h>

#include "line.h"

#define LEAST_BAUD 9600u
#define MOST_BAUD 3000000u

static uint32_t start_ms;
static uint32_t status_word;

static uint32_t monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

void safe_port_init(void)
{
    start_ms = monotonic_ms();
    safe_line_open();
}

uint32_t safe_port_status(void)
{
    return status_word;
}

size_t safe_port_read(uint8_t *bytes, size_t capacity)
{
    return safe_line_read(bytes, capacity);
}

safe_status_t safe_port_write(const uint8_t *bytes, size_t length)
{
    safe_status_t status = safe_line_write(bytes, length);

    if (status != SAFE_STATUS_OK) {
        status_word |= SAFE_PORT_TX_TIMEOUT;
    }
    return status;
}

/* A socket and a pseudo terminal have no rate: any is taken, so that both ends go through it all.
 */
uint32_t safe_port_baud(uint32_t baud)
{
    return baud >= LEAST_BAUD && baud <= MOST_BAUD ? baud : 0u;
}

void safe_port_set_baud(uint32_t baud)
{
    (void)baud;
}

uint32_t safe_port_time_ms(void)
{
    return monotonic_ms() - start_ms;
}

bool safe_port_cycles(uint32_t *cycles)
{
    (void)cycles;
    return false;
}

bool safe_port_cycles_approximate(void)
{
    return false;
}

uint32_t safe_port_clock_hz(void)
{
    return 0;
}

uint32_t safe_port_stack_used_bytes(void)
{
    return 0;
}

void safe_port_idle(void)
{
    safe_line_wait();
}

void safe_port_reset(void)
{
    safe_line_restart();
}

/* A process is watched by whoever started it. */
void safe_port_watchdog_start(void)
{
}

void safe_port_watchdog_feed(void)
{
}
