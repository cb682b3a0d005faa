/* SPDX-License-Identifier: Apache-2.0 */
/** @file stream.h A streaming model: it takes its window sample by sample.
 *
 * What follows from a sample alone is computed when it comes and kept in the arena; the outputs
 * are computed from what is kept, when asked for: after every sample, or after every tenth. They
 * are the same bytes as safe_stream_run gives for the window of the last `window` samples, and as
 * the same model without streaming gives.
 */
#ifndef SAFE_STREAM_H
#define SAFE_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "safe/model.h"
#include "safe/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Takes the newest sample; the oldest one leaves the window. The outputs are lost.
 *
 * @param sample `model->stream->sample_bytes` bytes. @return UNSUPPORTED: the model takes whole
 * windows. ARGUMENT: null or another length; nothing changed.
 */
SAFE_MUST_CHECK safe_status_t safe_stream_push(const safe_context_t *context, const void *sample,
                                               size_t sample_bytes);

/** Returns whether a whole window was pushed since safe_context_reset, which is to be called after
 * a gap: a window must not contain a hole. False for null and for a model without streaming. */
bool safe_stream_is_ready(const safe_context_t *context);

/**
 * Computes the outputs of the last `window` samples, each time from a reset recurrent state.
 *
 * @return NOT_READY: fewer samples since the last reset. UNSUPPORTED: the model takes whole
 * windows.
 */
SAFE_MUST_CHECK safe_status_t safe_stream_invoke(const safe_context_t *context);

/**
 * Takes a window in pieces of any length, in order; the first one, at `start` 0, resets. When the
 * last one is there, the model is ready.
 *
 * @param start First byte of the piece in the window [window * sample_bytes].
 * @return UNSUPPORTED: the model takes whole windows. ARGUMENT: null, or beyond the window.
 */
SAFE_MUST_CHECK safe_status_t safe_stream_feed(const safe_context_t *context, size_t start,
                                               const void *bytes, size_t length);

/**
 * A whole window in one call, as safe_context_run: resets, pushes the window sample by sample,
 * invokes, copies the result to `output`. The next push goes on from there.
 *
 * @return ARGUMENT when a length differs or the model has several outputs. UNSUPPORTED: the model
 * takes whole windows.
 */
SAFE_MUST_CHECK safe_status_t safe_stream_run(const safe_context_t *context, const void *window,
                                              size_t window_bytes, void *output,
                                              size_t output_bytes);

#ifdef __cplusplus
}
#endif

#endif
