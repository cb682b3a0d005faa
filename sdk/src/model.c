/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/model.h"

#include <string.h>

#include "safe/compiler.h"

static int is_bound(const safe_context_t *context)
{
    return context != NULL && context->model != NULL && context->arena != NULL;
}

/** Returns where an input or output lies, or null when there is none of this index. */
static SAFE_NOINLINE void *place_of(const safe_context_t *context, bool output, size_t index)
{
    const safe_model_t *model = context->model;

    if (index >= (output ? model->output_count : model->input_count)) {
        return NULL;
    }
    if (model->place != NULL) {
        return model->place(context->arena, output, index);
    }
    return context->arena + (output ? model->outputs : model->inputs)[index].arena_start;
}

safe_status_t safe_context_init(safe_context_t *context, const safe_model_t *model, void *arena,
                                size_t arena_bytes)
{
    safe_status_t status = SAFE_STATUS_OK;

    if (context == NULL || model == NULL || arena == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    /* The ABI comes first: with another one, no other field may be trusted. */
    if (model->abi != (uint32_t)SAFE_MODEL_ABI) {
        return SAFE_STATUS_ABI;
    }
    if (((uintptr_t)arena % SAFE_ARENA_ALIGNMENT) != 0u) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (arena_bytes < model->arena_bytes) {
        return SAFE_STATUS_ARENA_TOO_SMALL;
    }
    if (model->init != NULL) {
        status = model->init(arena);
    }
    if (status == SAFE_STATUS_OK) {
        status = model->reset(arena);
    }
    if (status == SAFE_STATUS_OK) {
        context->model = model;
        context->arena = arena;
    }
    return status;
}

void *safe_context_input(const safe_context_t *context, size_t index)
{
    if (!is_bound(context) || context->model->stream != NULL) {
        return NULL;
    }
    return place_of(context, false, index);
}

const void *safe_context_output(const safe_context_t *context, size_t index)
{
    return is_bound(context) ? place_of(context, true, index) : NULL;
}

safe_status_t safe_context_reset(const safe_context_t *context)
{
    if (!is_bound(context)) {
        return SAFE_STATUS_ARGUMENT;
    }
    return context->model->reset(context->arena);
}

/* This and safe_context_run are kept whole, even by an optimization at link time: instructions are
 * counted from the call of the model to its return. */
SAFE_NOINLINE safe_status_t safe_context_invoke(const safe_context_t *context)
{
    safe_status_t status;

    if (!is_bound(context)) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (context->model->stream != NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    status = context->model->invoke(context->arena);
    SAFE_NO_TAIL_CALL();
    return status;
}

SAFE_NOINLINE safe_status_t safe_context_run(const safe_context_t *context, const void *input,
                                             size_t input_bytes, void *output, size_t output_bytes)
{
    const safe_model_t *model;
    safe_status_t status;

    if (!is_bound(context) || input == NULL || output == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    model = context->model;
    if (model->input_count != 1u || model->output_count != 1u ||
        input_bytes != model->inputs[0].size_bytes ||
        output_bytes != model->outputs[0].size_bytes) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (model->stream != NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    (void)memcpy(place_of(context, false, 0), input, input_bytes);
    status = model->reset(context->arena);
    if (status == SAFE_STATUS_OK) {
        status = model->invoke(context->arena);
    }
    if (status == SAFE_STATUS_OK) {
        (void)memcpy(output, place_of(context, true, 0), output_bytes);
    }
    return status;
}

int32_t safe_runtime_code(const void *arena)
{
    int32_t code;

    (void)memcpy(&code, arena, sizeof code);
    return code;
}
