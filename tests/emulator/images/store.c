/* SPDX-License-Identifier: Apache-2.0 */
/* A test image: says what its store holds, saves three times, then obeys one byte: `h` hangs, `n`
 * raises an NMI, `b` tells that it is alive. It feeds the watchdog as an application does. */
#include "safe/store.h"

#include <string.h>

#include "safe/port.h"

#define RECORD_BYTES 40u
#define SAVES 3u

static void print(const char *name, uint32_t value)
{
    static const char hex[] = "0123456789abcdef";
    char text[10] = "=00000000\n";
    size_t length = strlen(name);

    for (size_t i = 0; i < 8u; i++) {
        text[8u - i] = hex[(value >> (4u * i)) & 15u];
    }
    if (safe_port_write((const uint8_t *)name, length) != SAFE_STATUS_OK ||
        safe_port_write((const uint8_t *)text, sizeof text) != SAFE_STATUS_OK) {
        safe_port_reset();
    }
}

static void make_record(uint32_t number, uint8_t record[RECORD_BYTES])
{
    for (size_t i = 0; i < RECORD_BYTES; i++) {
        record[i] = (uint8_t)(number + 3u * i);
    }
}

int main(void)
{
    uint8_t record[RECORD_BYTES];
    uint8_t expected[RECORD_BYTES];
    size_t length = 0;
    uint32_t number = 0;

    safe_port_init();
    print("boot", safe_port_status());
    const safe_store_flash_t *flash = safe_port_store();
    if (flash == NULL) {
        print("none", 0);
    } else {
        safe_status_t status = safe_store_load(flash, record, sizeof record, &length);
        print("load", (uint32_t)status);
        if (status == SAFE_STATUS_OK) {
            make_record(record[0], expected);
            number = memcmp(record, expected, sizeof record) == 0 ? record[0] : 0xFFFFu;
        }
        print("number", number);
        for (size_t i = 0; i < SAVES; i++) {
            make_record(++number, record);
            print("save", (uint32_t)safe_store_save(flash, record, sizeof record));
        }
    }
    safe_port_watchdog_start();
    for (;;) {
        uint8_t byte;
        safe_port_watchdog_feed();
        if (safe_port_read(&byte, 1) == 0u) {
            safe_port_idle();
        } else if (byte == (uint8_t)'h') {
            print("hang", 0);
            for (;;) {
                __asm__ volatile("nop");
            }
        } else if (byte == (uint8_t)'b') {
            print("time", safe_port_time_ms());
        } else if (byte == (uint8_t)'n') {
            *(volatile uint32_t *)0xE000ED04u = 1u << 31; /* ICSR.NMIPENDSET */
        }
    }
}
