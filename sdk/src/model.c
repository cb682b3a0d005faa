/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/model.h"

#include <string.h>

#include "safe/compiler.h"

static int is_bound(const safe_context_t *context)
{
    return context != NULL && context->model != NULL && context->arena != NULL;
}

safe_status_t safe_context_init(safe_context_t *context, const safe_model_t *model, void *arena,
                                size_t arena_bytes)
{
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
    context->model = model;
    context->arena = (uint8_t *)arena;
    model->reset(context->arena);
    return SAFE_STATUS_OK;
}

void *safe_context_input(const safe_context_t *context, size_t index)
{
    if (!is_bound(context) || index >= context->model->input_count ||
        context->model->stream != NULL) {
        return NULL;
    }
    return context->arena + context->model->inputs[index].arena_start;
}

const void *safe_context_output(const safe_context_t *context, size_t index)
{
    if (!is_bound(context) || index >= context->model->output_count) {
        return NULL;
    }
    return context->arena + context->model->outputs[index].arena_start;
}

safe_status_t safe_context_reset(const safe_context_t *context)
{
    if (!is_bound(context)) {
        return SAFE_STATUS_ARGUMENT;
    }
    context->model->reset(context->arena);
    return SAFE_STATUS_OK;
}

/* This and safe_context_run are kept whole, even by an optimization at link time: instructions are
 * counted from the call of the model to its return. */
SAFE_NOINLINE safe_status_t safe_context_invoke(const safe_context_t *context)
{
    if (!is_bound(context)) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (context->model->stream != NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    context->model->invoke(context->arena);
    return SAFE_STATUS_OK;
}

SAFE_NOINLINE safe_status_t safe_context_run(const safe_context_t *context, const void *input,
                                             size_t input_bytes, void *output, size_t output_bytes)
{
    const safe_model_t *model;

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
    memcpy(context->arena + model->inputs[0].arena_start, input, input_bytes);
    model->reset(context->arena);
    model->invoke(context->arena);
    memcpy(output, context->arena + model->outputs[0].arena_start, output_bytes);
    return SAFE_STATUS_OK;
}
