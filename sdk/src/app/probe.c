/* SPDX-License-Identifier: Apache-2.0 */
/* The probe of a foreign runtime: sets the model up in an arena of all the RAM that is left, and
 * says once a second what it took. The build runs it in an emulator to learn how large an arena
 * must be. */
#include <string.h>

#include "app.h"
#include "safe/app.h"
#include "safe/port.h"

#define PERIOD_MS 1000u

/** Returns the second word of a runtime's arena: the bytes that it has taken, from the first on. */
static uint32_t taken_bytes(const uint8_t *arena)
{
    uint32_t count;

    (void)memcpy(&count, arena + sizeof(int32_t), sizeof count);
    return count;
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
    safe_context_t context;
    safe_status_t status;
    uint8_t ignored[16];

    safe_port_init();
    (void)memset(app->arena, 0, 2u * sizeof(int32_t));
    status = safe_context_init(&context, app->model, app->arena, app->arena_bytes);
    for (;;) {
        uint32_t start_ms = safe_port_time_ms();

        safe_app_print("safe arena status=");
        safe_app_print_u32((uint32_t)status);
        safe_app_print(" code=");
        print_code(safe_runtime_code(app->arena));
        safe_app_print(" bytes=");
        safe_app_print_u32(taken_bytes(app->arena));
        safe_app_print("\r\n");
        while (safe_port_time_ms() - start_ms < PERIOD_MS) {
            if (safe_port_read(ignored, sizeof ignored) == 0u) { /* a line is opened by reading */
                safe_port_idle();
            }
        }
    }
}
