/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's serial protocol: MLPerf Tiny's host program runs this image in its performance
 * and accuracy modes. Commands are text that ends with '%', answers are lines of which the last is
 * "m-ready"; one command at a time. Which benchmark it is the model's name says. */
#include "app.h"

#include <string.h>

#include "safe/app.h"
#include "safe/compiler.h"
#include "safe/exact_float.h"
#include "safe/port.h"
#include "safe/scaler.h"
#include "safe/version.h"

#define COMMAND_BYTES 80u
#define READ_BYTES 64u
#define WORDS 4u
#define WARM_UPS 10u
#define BYTES_PER_LINE 8u
/** Largest input that `db` takes: 2,560 bytes of ad01, 3,072 of ic01; vww01 needs 27,648. */
#ifndef SAFE_MLPERF_BYTES
#define SAFE_MLPERF_BYTES 4096u
#endif
/** How the benchmark's bytes become the model's input, and its output the results. */
typedef enum form {
    FORM_INT8,       /**< As they are; the results are the outputs. */
    FORM_UINT8,      /**< Pixels, less 128. */
    FORM_DIFFERENCE, /**< float32; the result is the mean square of output less input. */
} form_t;

static const struct {
    const char *name;
    form_t form;
} benchmarks[] = {
    {"ad01", FORM_DIFFERENCE}, {"ic01", FORM_UINT8}, {"kws01", FORM_INT8}, {"vww01", FORM_UINT8}};

static safe_context_t context;
static form_t form;
static uint8_t loaded[SAFE_MLPERF_BYTES]; /**< What `db` brought. */
static uint32_t expected_bytes;           /**< Bytes that `db load` told. */
static uint32_t loaded_bytes;
static int8_t window[SAFE_MLPERF_BYTES]; /**< The same as the model's input. */
static char command[COMMAND_BYTES];
static size_t command_bytes;

static void tell_time(void)
{
    safe_app_print("m-lap-us-");
    safe_app_print_u32(safe_app_time_us());
    safe_app_print("\r\n");
}

static void tell_number(const char *before, uint32_t number, const char *after)
{
    safe_app_print(before);
    safe_app_print_u32(number);
    safe_app_print(after);
}

static float real(const safe_tensor_info_t *tensor, int8_t value)
{
    return (float)((int32_t)value - tensor->zero_point) * tensor->scale;
}

static float loaded_float(uint32_t index)
{
    float value;

    (void)memcpy(&value, &loaded[sizeof value * index], sizeof value);
    return safe_scaler_is_finite(value) ? value : 0.0f;
}

static void tell_results(void)
{
    const safe_tensor_info_t *tensor = &context.model->outputs[0];
    const int8_t *output = safe_context_output(&context, 0);
    float sum = 0.0f;

    safe_app_print("m-results-[");
    for (uint32_t i = 0; i < tensor->size_bytes; i++) {
        float value = real(tensor, output[i]);

        if (form == FORM_DIFFERENCE) {
            float difference = value - loaded_float(i);
            float square = difference * difference;

            sum += square;
        } else {
            safe_app_print(i == 0u ? "" : ",");
            safe_app_print_decimal(value);
        }
    }
    if (form == FORM_DIFFERENCE) {
        safe_app_print_decimal(sum / (float)tensor->size_bytes);
    }
    safe_app_print("]\r\n");
}

static uint32_t input_bytes(void)
{
    uint32_t values = context.model->inputs[0].size_bytes;

    return form == FORM_DIFFERENCE ? values * (uint32_t)sizeof(float) : values;
}

/** Makes the model's input of what was loaded; outside of what is timed. */
static void prepare(void)
{
    const safe_tensor_info_t *tensor = &context.model->inputs[0];

    for (uint32_t i = 0; i < tensor->size_bytes; i++) {
        switch (form) {
        case FORM_DIFFERENCE:
            window[i] = safe_scaler_quantize(loaded_float(i), 256.0f * tensor->scale,
                                             1.0f / tensor->scale, tensor->zero_point);
            break;
        case FORM_UINT8:
            window[i] = (int8_t)((int32_t)loaded[i] - 128);
            break;
        case FORM_INT8:
        default:
            (void)memcpy(&window[i], &loaded[i], 1);
            break;
        }
    }
}

/** Runs the model so often; the input is copied each time, because the model overwrites it. */
static safe_status_t run(uint32_t times)
{
    safe_status_t status = SAFE_STATUS_OK;

    for (uint32_t i = 0; i < times && status == SAFE_STATUS_OK; i++) {
        (void)memcpy(safe_context_input(&context, 0), window, context.model->inputs[0].size_bytes);
        status = safe_context_reset(&context);
        if (status == SAFE_STATUS_OK) {
            status = safe_context_invoke(&context);
        }
        safe_port_watchdog_feed();
    }
    return status;
}

static void refuse(const char *why, const char *what)
{
    safe_app_print("e-[");
    safe_app_print(why);
    safe_app_print(what);
    safe_app_print("]\r\n");
}

static void infer(uint32_t times, uint32_t warm_ups)
{
    safe_status_t status;

    if (loaded_bytes != input_bytes()) {
        refuse("no input is loaded: db load", "");
        return;
    }
    prepare();
    tell_number("m-warmup-start-", warm_ups, "\r\n");
    status = run(warm_ups);
    safe_app_print("m-warmup-done\r\n");
    tell_number("m-infer-start-", times, "\r\n");
    tell_time();
    status = status == SAFE_STATUS_OK ? run(times) : status;
    tell_time();
    safe_app_print("m-infer-done\r\n");
    if (status == SAFE_STATUS_OK) {
        tell_results();
    } else {
        refuse("the model fails: ", safe_status_text(status));
    }
}

/** Reads a decimal number; false for anything else, and above 2^31. */
static bool take_number(const char *text, uint32_t *number)
{
    *number = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || *number >= 0x7FFFFFFFu / 10u) {
            return false;
        }
        *number = *number * 10u + (uint32_t)(text[i] - '0');
    }
    return text[0] != '\0';
}

/** Returns the value of a hexadecimal digit, 16 for none. */
static uint32_t digit(char text)
{
    if (text >= '0' && text <= '9') {
        return (uint32_t)(text - '0');
    }
    if (text >= 'a' && text <= 'f') {
        return (uint32_t)(text - 'a') + 10u;
    }
    return text >= 'A' && text <= 'F' ? (uint32_t)(text - 'A') + 10u : 16u;
}

static void load_hex(const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i += 2u) {
        uint32_t high = digit(text[i]);
        uint32_t low = digit(text[i + 1u]);

        if (high > 15u || low > 15u) {
            refuse("no pair of hexadecimal digits: ", &text[i]);
            return;
        }
        if (loaded_bytes >= expected_bytes) {
            refuse("more bytes than db load told", "");
            return;
        }
        loaded[loaded_bytes++] = (uint8_t)(high << 4 | low);
        if (loaded_bytes == expected_bytes) {
            safe_app_print("m-load-done\r\n");
        }
    }
}

static void begin_load(const char *text)
{
    uint32_t bytes;

    if (!take_number(text, &bytes) || bytes == 0u || bytes > sizeof loaded) {
        tell_number("e-[db load takes 1 to ", sizeof loaded, " bytes]\r\n");
        return;
    }
    expected_bytes = bytes;
    loaded_bytes = 0;
    tell_number("m-[Expecting ", bytes, " bytes]\r\n");
}

static void print_loaded(void)
{
    static const char hex[] = "0123456789abcdef";

    for (uint32_t i = 0; i < loaded_bytes; i++) {
        const uint8_t text[3] = {(uint8_t)'-', (uint8_t)hex[loaded[i] >> 4],
                                 (uint8_t)hex[loaded[i] & 15u]};

        safe_app_print(i % BYTES_PER_LINE == 0u ? "m-buffer" : "");
        safe_app_write(text, sizeof text);
        if (i % BYTES_PER_LINE == BYTES_PER_LINE - 1u || i + 1u == loaded_bytes) {
            safe_app_print("\r\n");
        }
    }
}

static void take_db(const char *first, const char *second)
{
    if (strcmp(first, "load") == 0) {
        begin_load(second);
    } else if (strcmp(first, "print") == 0) {
        print_loaded();
    } else {
        load_hex(first);
    }
}

static void take_infer(const char *first, const char *second)
{
    uint32_t times;
    uint32_t warm_ups = WARM_UPS;

    if (!take_number(first, &times) || times == 0u ||
        (second[0] != '\0' && !take_number(second, &warm_ups))) {
        refuse("infer takes a number of inferences, then of warm-ups", "");
        return;
    }
    infer(times, warm_ups);
}

static void tell_profile(void)
{
    safe_app_print("m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[");
    safe_app_print(context.model->name);
    safe_app_print("]\r\n");
}

/** Cuts the command into words at its blanks; those that are not there are empty. */
static void cut(const char *words[WORDS])
{
    size_t count = 0;

    for (size_t i = 0; i < WORDS; i++) {
        words[i] = "";
    }
    for (size_t i = 0; command[i] != '\0'; i++) {
        if (command[i] == ' ') {
            command[i] = '\0';
        } else if ((i == 0u || command[i - 1u] == '\0') && count < WORDS) {
            words[count++] = &command[i];
        }
    }
}

static void carry_out(void)
{
    const char *words[WORDS];

    cut(words);
    if (strcmp(words[0], "name") == 0) {
        safe_app_print("m-name-dut-[SAFE]\r\n");
    } else if (strcmp(words[0], "profile") == 0) {
        tell_profile();
    } else if (strcmp(words[0], "timestamp") == 0) {
        tell_time();
    } else if (strcmp(words[0], "db") == 0) {
        take_db(words[1], words[2]);
    } else if (strcmp(words[0], "infer") == 0) {
        take_infer(words[1], words[2]);
    } else if (strcmp(words[0], "results") == 0) {
        tell_results();
    } else if (strcmp(words[0], "help") == 0) {
        safe_app_print("SAFE " SAFE_VERSION
                       ": name, profile, timestamp, db load N, db HEX, db print,"
                       " infer N [WARM-UPS], results\r\n");
    } else {
        refuse("Unknown command: ", words[0]);
    }
}

static void take_byte(uint8_t byte)
{
    if (byte == (uint8_t)'\r' || byte == (uint8_t)'\n') {
        return;
    }
    if (byte != (uint8_t)'%') {
        if (command_bytes < sizeof command) {
            command[command_bytes++] = (char)(byte == 0u ? (uint8_t)' ' : byte);
        }
        return;
    }
    if (command_bytes == sizeof command) {
        refuse("a command has at most 79 bytes", "");
    } else {
        command[command_bytes] = '\0';
        carry_out();
    }
    command_bytes = 0;
    safe_app_print("m-ready\r\n");
}

SAFE_COLD static void start(void)
{
    const safe_app_model_t *app = safe_app_model();
    safe_status_t status = SAFE_STATUS_UNSUPPORTED;

    safe_port_init();
    context.model = app->model;
    if (app->bind != NULL) {
        status = app->bind(&context, app->model, app->arena, app->arena_bytes);
    }
    for (size_t i = 0; i < sizeof benchmarks / sizeof benchmarks[0]; i++) {
        form = strcmp(benchmarks[i].name, app->model->name) == 0 ? benchmarks[i].form : form;
    }
    if (status == SAFE_STATUS_OK &&
        (app->model->stream != NULL || app->model->inputs[0].dtype != SAFE_DTYPE_INT8 ||
         app->model->outputs[0].dtype != SAFE_DTYPE_INT8 || input_bytes() > sizeof loaded ||
         (form == FORM_DIFFERENCE &&
          app->model->inputs[0].size_bytes != app->model->outputs[0].size_bytes))) {
        status = SAFE_STATUS_UNSUPPORTED;
    }
    if (status != SAFE_STATUS_OK) {
        safe_app_refuse("model", status);
    }
    safe_app_print("m-timestamp-mode-performance\r\n");
    tell_time();
    safe_app_print("m-init-done\r\nm-ready\r\n");
    safe_port_watchdog_start();
}

int main(void)
{
    start();
    for (;;) {
        uint8_t bytes[READ_BYTES];
        size_t length = safe_port_read(bytes, sizeof bytes);

        for (size_t i = 0; i < length; i++) {
            take_byte(bytes[i]);
        }
        if (length == 0u) {
            safe_port_idle();
        }
        safe_port_watchdog_feed();
    }
}
