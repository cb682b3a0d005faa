/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"
#include "safe/app.h"
#include "safe/compiler.h"
#include "safe/port.h"
#include "safe/version.h"
#include "updates.h"

#define READ_BYTES 64u
/** Longest text. The bound also keeps the compiler from calling strlen, which takes 220 bytes. */
#define MOST_TEXT 256u

static safe_context_t context;
static safe_detector_t detector;
static safe_server_t server;
static const safe_app_keeper_t *keeper; /* null: nothing is kept */
static safe_sample_hook_t app_hook;
static void (*take_due)(void); /**< Null: samples come over the line. */

void safe_app_write(const uint8_t *bytes, size_t length)
{
    if (safe_port_write(bytes, length) != SAFE_STATUS_OK) {
        return; /* The port keeps TX_TIMEOUT in its status word; the host asks again. */
    }
}

SAFE_COLD void safe_app_print(const char *text)
{
    size_t length = 0;

    safe_app_end_frame();
    // cppcheck-suppress arrayIndexOutOfBoundsCond ; a text ends before
    while (length < MOST_TEXT && text[length] != '\0') {
        length++;
    }
    safe_app_write((const uint8_t *)text, length);
}

SAFE_COLD void safe_app_print_u32(uint32_t value)
{
    uint8_t digits[10];
    size_t first = sizeof digits;

    do {
        digits[--first] = (uint8_t)('0' + value % 10u);
        value /= 10u;
    } while (value != 0u);
    safe_app_write(&digits[first], sizeof digits - first);
}

SAFE_COLD void safe_app_print_hex(uint32_t value)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t digits[10] = {'0', 'x'};

    for (size_t i = 0; i < 8u; i++) {
        digits[2u + i] = (uint8_t)hex[(value >> (28u - 4u * i)) & 15u];
    }
    safe_app_write(digits, sizeof digits);
}

SAFE_COLD static void print_banner(const char *name, const safe_model_t *model)
{
    safe_app_print("\r\nsafe " SAFE_VERSION " ");
    safe_app_print(name);
    safe_app_print(" model=");
    safe_app_print(model->name);
    safe_app_print(" sha256=");
    safe_app_print_hex((uint32_t)model->sha256[0] << 24 | (uint32_t)model->sha256[1] << 16 |
                       (uint32_t)model->sha256[2] << 8 | model->sha256[3]);
    safe_app_print(" status=");
    safe_app_print_hex(safe_port_status());
    safe_app_print("\r\n");
}

/** Prints the reason once a second: an image that cannot run must say so to whoever comes. */
SAFE_COLD void safe_app_refuse(const char *what, safe_status_t status)
{
    for (;;) {
        uint32_t start_ms = safe_port_time_ms();

        safe_app_print("safe error: ");
        safe_app_print(what);
        safe_app_print(": ");
        safe_app_print(safe_status_text(status));
        safe_app_print("\r\n");
        while (safe_port_time_ms() - start_ms < 1000u) {
            safe_port_idle();
        }
    }
}

SAFE_COLD void safe_app_keep_baseline(void)
{
    keeper = safe_app_model()->keeper;
    if (keeper != NULL) {
        keeper->restore(&detector);
    }
}

/** Notes what matters to the baseline, then tells the application. */
static void take_result(safe_status_t status, const safe_detector_result_t *result)
{
    if (keeper != NULL) {
        keeper->note(result);
    }
    if (app_hook != NULL) {
        app_hook(status, result);
    }
}

SAFE_COLD void safe_app_start(const char *name, const safe_server_windows_t *windows,
                              safe_sample_hook_t hook)
{
    const safe_app_model_t *app;
    safe_status_t status = SAFE_STATUS_OK;

    safe_port_init();
    app = safe_app_model();
    print_banner(name, app->model);
    context.model = app->model;
    if (app->bind != NULL) {
        status = app->bind(&context, app->model, app->arena, app->arena_bytes);
    }
    if (status != SAFE_STATUS_OK) {
        safe_app_refuse("model", status);
    }
    if (app->detector != NULL) {
        status = safe_detector_init_generated(&detector, app->detector,
                                              app->bind == NULL ? NULL : &context, &app->memory);
        if (status != SAFE_STATUS_OK) {
            safe_app_refuse("detector", status);
        }
    }
    app_hook = hook;
    status = safe_server_init(&server, &context, app->detector == NULL ? NULL : &detector, windows,
                              take_result);
    if (status != SAFE_STATUS_OK) {
        safe_app_refuse("server", status);
    }
    safe_app_updates_start(&server);
}

SAFE_COLD void safe_app_use_sensors(void)
{
    if (!safe_app_start_sensing(&detector, server.sample, take_result)) {
        return;
    }
    if (detector.config->period_us == 0u) {
        safe_app_refuse("period of the samples", SAFE_STATUS_ARGUMENT);
    }
    server.features &= ~SAFE_FEATURE_STREAM;
    safe_app_offer_watch(&server);
    take_due = safe_app_take_due;
}

static void send_reply(size_t length)
{
    if (length != 0u) {
        safe_app_write(server.out, length);
    }
    safe_server_sent(&server, safe_port_time_ms());
    if (server.reset_requested) {
        safe_port_reset();
    }
}

void safe_app_serve(void)
{
    safe_app_updates_offer(&server);
    safe_port_watchdog_start();
    for (;;) {
        uint8_t bytes[READ_BYTES];
        size_t length = safe_port_read(bytes, sizeof bytes);
        uint32_t now_ms = safe_port_time_ms();

        for (size_t i = 0; i < length; i++) {
            send_reply(safe_server_feed(&server, bytes[i], now_ms));
        }
        if (length == 0u) {
            send_reply(safe_server_idle(&server, now_ms));
            safe_port_idle();
        }
        safe_server_watch(&server, safe_port_time_ms());
        if (take_due != NULL) {
            take_due();
        }
        if (keeper != NULL) {
            keeper->save(&detector, now_ms);
        }
        safe_app_updates_watch(now_ms);
        safe_port_watchdog_feed();
    }
}
