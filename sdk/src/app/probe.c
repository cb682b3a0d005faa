/* SPDX-License-Identifier: Apache-2.0 */
/* The probe of a foreign runtime: sets the model up in an arena of all the RAM that is left, and
 * says once a second what it took. The build runs it in an emulator to learn how large an arena
 * must be. */
#include <string.h>

#include "app.h"
#include "safe/app.h"
#include "safe/port.h"

#define PERIOD_MS 1000u

/** Sets the model up in an arena of `bytes`; generated with it. */
safe_status_t safe_probe_init(uint8_t *arena, size_t bytes);

/** Returns the second word of a runtime's arena: the bytes that it has taken, from the first on. */
static uint32_t taken_bytes(const uint8_t *arena)
{
    uint32_t count;

    (void)memcpy(&count, arena + sizeof(int32_t), sizeof count);
    return count;
}

/** Returns the smallest arena in which the model can be set up: what it takes, and more where
 * setting up needs more for a while. */
static size_t smallest(uint8_t *arena, size_t most)
{
    size_t bytes = (taken_bytes(arena) + SAFE_ARENA_ALIGNMENT - 1u) / SAFE_ARENA_ALIGNMENT *
                   SAFE_ARENA_ALIGNMENT;

    while (bytes < most && safe_probe_init(arena, bytes) != SAFE_STATUS_OK) {
        bytes += SAFE_ARENA_ALIGNMENT;
    }
    return bytes;
}

static void print_code(int32_t code)
{
    if (code < 0) {
        safe_app_print("-");
    }
    safe_app_print_u32(code < 0 ? 0u - (uint32_t)code : (uint32_t)code);
}

int main(void)
{
    const safe_app_model_t *app = safe_app_model();
    safe_status_t status;
    int32_t code;
    size_t bytes = 0;
    uint8_t ignored[16];

    safe_port_init();
    (void)memset(app->arena, 0, 2u * sizeof(int32_t));
    status = safe_probe_init(app->arena, app->arena_bytes);
    code = safe_runtime_code(app->arena);
    if (status == SAFE_STATUS_OK) {
        bytes = smallest(app->arena, app->arena_bytes);
    }
    for (;;) {
        uint32_t start_ms = safe_port_time_ms();

        safe_app_print("safe arena status=");
        safe_app_print_u32((uint32_t)status);
        safe_app_print(" code=");
        print_code(code);
        safe_app_print(" bytes=");
        safe_app_print_u32((uint32_t)bytes);
        safe_app_print("\r\n");
        while (safe_port_time_ms() - start_ms < PERIOD_MS) {
            if (safe_port_read(ignored, sizeof ignored) == 0u) { /* a line is opened by reading */
                safe_port_idle();
            }
        }
    }
}
