/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/stream.h"

#include <string.h>

#include "safe/compiler.h"

static bool is_bound(const safe_context_t *context)
{
    return context != NULL && context->model != NULL && context->arena != NULL;
}

/** Samples since the last reset; a counter in an arena without types. */
static uint32_t pushed(const safe_context_t *context)
{
    uint32_t count;

    (void)memcpy(&count, context->arena + context->model->stream->count_start, sizeof count);
    return count;
}

/** Computes what follows from the sample that lies in the arena. */
static void push_placed(const safe_context_t *context)
{
    const safe_stream_t *stream = context->model->stream;
    uint32_t count = pushed(context);

    stream->push(context->arena);
    if (count < stream->window) {
        count++;
        (void)memcpy(context->arena + stream->count_start, &count, sizeof count);
    }
}

static void push(const safe_context_t *context, const void *sample)
{
    const safe_stream_t *stream = context->model->stream;

    (void)memcpy(context->arena + stream->sample_start, sample, stream->sample_bytes);
    push_placed(context);
}

safe_status_t safe_stream_push(const safe_context_t *context, const void *sample,
                               size_t sample_bytes)
{
    if (!is_bound(context) || sample == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (context->model->stream == NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    if (sample_bytes != context->model->stream->sample_bytes) {
        return SAFE_STATUS_ARGUMENT;
    }
    push(context, sample);
    return SAFE_STATUS_OK;
}

bool safe_stream_is_ready(const safe_context_t *context)
{
    return is_bound(context) && context->model->stream != NULL &&
           pushed(context) == context->model->stream->window;
}

safe_status_t safe_stream_invoke(const safe_context_t *context)
{
    safe_status_t status;

    if (!is_bound(context)) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (context->model->stream == NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    if (!safe_stream_is_ready(context)) {
        return SAFE_STATUS_NOT_READY;
    }
    status = context->model->invoke(context->arena);
    SAFE_NO_TAIL_CALL();
    return status;
}

safe_status_t safe_stream_feed(const safe_context_t *context, size_t start, const void *bytes,
                               size_t length)
{
    const safe_stream_t *stream;
    const uint8_t *from = bytes;
    safe_status_t status = SAFE_STATUS_OK;

    if (!is_bound(context) || bytes == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    stream = context->model->stream;
    if (stream == NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    if (start > context->model->inputs[0].size_bytes ||
        length > context->model->inputs[0].size_bytes - start) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (start == 0u) {
        status = context->model->reset(context->arena);
    }
    while (status == SAFE_STATUS_OK && length != 0u) {
        const size_t place = start % stream->sample_bytes;
        const size_t missing = stream->sample_bytes - place;
        const size_t taken = length < missing ? length : missing;

        (void)memcpy(context->arena + stream->sample_start + place, from, taken);
        if (taken == missing) {
            push_placed(context);
        }
        start += taken;
        from += taken;
        length -= taken;
    }
    return status;
}

safe_status_t safe_stream_run(const safe_context_t *context, const void *window,
                              size_t window_bytes, void *output, size_t output_bytes)
{
    const safe_model_t *model;
    const uint8_t *sample = window;
    safe_status_t status;

    if (!is_bound(context) || window == NULL || output == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    model = context->model;
    if (model->stream == NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    if (model->output_count != 1u || window_bytes != model->inputs[0].size_bytes ||
        output_bytes != model->outputs[0].size_bytes) {
        return SAFE_STATUS_ARGUMENT;
    }
    status = model->reset(context->arena);
    for (uint32_t i = 0; status == SAFE_STATUS_OK && i < model->stream->window; i++) {
        push(context, sample);
        sample += model->stream->sample_bytes;
    }
    if (status == SAFE_STATUS_OK) {
        status = model->invoke(context->arena);
    }
    if (status == SAFE_STATUS_OK) {
        (void)memcpy(output, safe_context_output(context, 0), output_bytes);
    }
    return status;
}
