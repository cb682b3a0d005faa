/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for a model that a foreign runtime computes: the tiny model behind the functions that
 * such a one has. Its objects lie in the head of the arena, its tensors outside of it; it refuses
 * to work without init, and fails where a test says so. Compiled with the tiny model's
 * safe_app_model renamed to tiny_app_model. */
#include <string.h>

#include "safe/app.h"
#include "safe/compiler.h"

#define MAGIC 0x46524E21u
#define OUTSIDE 4096u

const safe_app_model_t *tiny_app_model(void);

/** What the arena begins with. */
typedef struct head {
    int32_t code; /* where safe_runtime_code looks */
    uint32_t magic;
    uint32_t pushed;
    int8_t sample[16];
} head_t;

enum { FAIL_NONE = 0, FAIL_INIT = 1, FAIL_RESET = 2, FAIL_INVOKE = 3 };

uint32_t foreign_fail; /* which call fails, until it is set to 0 */
uint32_t foreign_backend = 5u;
bool foreign_streaming;
uint32_t foreign_resets;

static SAFE_ALIGNED(16) uint8_t outside[OUTSIDE];
static SAFE_ALIGNED(16) uint8_t arena[sizeof(head_t)];
static int8_t window[OUTSIDE];

static safe_status_t fail(head_t *head, int32_t code)
{
    head->code = code;
    return SAFE_STATUS_RUNTIME;
}

static safe_status_t init(uint8_t *memory)
{
    head_t *head = (void *)memory;

    memset(head, 0, sizeof *head);
    if (foreign_fail == FAIL_INIT) {
        return fail(head, -101);
    }
    head->magic = MAGIC;
    return SAFE_STATUS_OK;
}

static safe_status_t reset(uint8_t *memory)
{
    head_t *head = (void *)memory;

    foreign_resets++;
    if (head->magic != MAGIC || foreign_fail == FAIL_RESET) {
        return fail(head, -102);
    }
    head->pushed = 0;
    return SAFE_STATUS_OK;
}

static safe_status_t invoke(uint8_t *memory)
{
    const safe_model_t *tiny = tiny_app_model()->model;
    head_t *head = (void *)memory;

    if (head->magic != MAGIC || foreign_fail == FAIL_INVOKE) {
        return fail(head, -103);
    }
    if (foreign_streaming) {
        memcpy(outside + tiny->inputs[0].arena_start, window, tiny->inputs[0].size_bytes);
    }
    return tiny->invoke(outside);
}

static void *place(uint8_t *memory, bool output, size_t index)
{
    const safe_model_t *tiny = tiny_app_model()->model;

    (void)memory;
    return outside + (output ? tiny->outputs : tiny->inputs)[index].arena_start;
}

static void push(uint8_t *memory)
{
    const safe_tensor_info_t *input = &tiny_app_model()->model->inputs[0];
    size_t sample_bytes = input->shape[2];
    head_t *head = (void *)memory;

    memmove(window, window + sample_bytes, input->size_bytes - sample_bytes);
    memcpy(window + input->size_bytes - sample_bytes, head->sample, sample_bytes);
}

const safe_app_model_t *safe_app_model(void)
{
    static safe_app_model_t app;
    static safe_model_t model;
    static safe_stream_t stream;

    app = *tiny_app_model();
    model = *app.model;
    stream = (safe_stream_t){model.inputs[0].shape[1], model.inputs[0].shape[2],
                             offsetof(head_t, sample), offsetof(head_t, pushed), push};
    model.backend = (uint16_t)foreign_backend;
    model.arena_bytes = sizeof arena;
    model.init = init;
    model.reset = reset;
    model.invoke = invoke;
    model.place = place;
    model.stream = foreign_streaming ? &stream : NULL;
    app.model = &model;
    app.arena = arena;
    app.arena_bytes = sizeof arena;
    return &app;
}
