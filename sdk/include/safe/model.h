/* SPDX-License-Identifier: Apache-2.0 */
/** @file model.h A generated model as data, and the calls that run it.
 *
 * A model has no state of its own: everything that changes lies in the caller's arena. Two
 * contexts with two arenas may run at the same time; one context must not.
 *
 * A model is computed by generated calls of SAFE's kernels (the native backend), or by a foreign
 * runtime behind the same functions. Such a runtime keeps its objects in the arena, too; when it
 * fails, the status is RUNTIME, and its own code is what the arena begins with: safe_runtime_code.
 */
#ifndef SAFE_MODEL_H
#define SAFE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/compiler.h"
#include "safe/status.h"
#include "safe/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Alignment of an arena, in bytes. */
#define SAFE_ARENA_ALIGNMENT 16u
#define SAFE_MAX_RANK 6u

/** Element type of an input or output tensor. */
typedef enum safe_dtype {
    SAFE_DTYPE_INT8 = 0,
    SAFE_DTYPE_INT16 = 1,
    SAFE_DTYPE_INT32 = 2,
    SAFE_DTYPE_FLOAT32 = 3,
    SAFE_DTYPE_UINT8 = 4,
} safe_dtype_t;

/** An input or output tensor: real = scale * (q - zero_point). */
typedef struct safe_tensor_info {
    const char *name;
    safe_dtype_t dtype;
    uint8_t rank;
    uint16_t shape[SAFE_MAX_RANK];
    uint32_t size_bytes;
    uint32_t arena_start; /**< First byte of the tensor inside the arena; see `place`. */
    float scale;          /**< 0 for a float tensor. */
    int32_t zero_point;
} safe_tensor_info_t;

/** Description of how a streaming model takes samples; see safe/stream.h. */
typedef struct safe_stream {
    uint32_t window; /**< Number of samples in a window. */
    uint32_t sample_bytes;
    uint32_t sample_start; /**< First byte in the arena of the sample that push reads. */
    uint32_t count_start;  /**< First byte in the arena of a uint32_t: samples since the last reset,
                            * up to `window`. */
    void (*push)(uint8_t *arena); /**< Computes what follows from the newest sample alone. */
} safe_stream_t;

/** A generated model; one constant object in flash. */
typedef struct safe_model {
    uint32_t abi; /**< SAFE_MODEL_ABI at generation. */
    const char *name;
    uint8_t sha256[32]; /**< Hash of the model file. */
    uint32_t arena_bytes;
    uint32_t weight_bytes;
    uint16_t input_count;
    uint16_t output_count;
    uint16_t operator_count;
    uint16_t backend; /**< Number of the backend: 0 native; below 16, see PROTOCOL.md. */
    const safe_tensor_info_t *inputs;
    const safe_tensor_info_t *outputs;
    /** Sets the runtime's objects up in an arena of any content. Null: there is nothing to set up.
     */
    safe_status_t (*init)(uint8_t *arena);
    /** Clears recurrent state; the inputs stay as they are. */
    safe_status_t (*reset)(uint8_t *arena);
    /** Computes outputs from inputs. */
    safe_status_t (*invoke)(uint8_t *arena);
    /** Returns where an input or output lies once `init` has succeeded, not always inside the
     * arena. Null: at `arena_start` of the arena. */
    void *(*place)(uint8_t *arena, bool output, size_t index);
    const safe_stream_t *stream; /**< Null: the model takes whole windows. */
} safe_model_t;

/** A model bound to an arena. */
typedef struct safe_context {
    const safe_model_t *model;
    uint8_t *arena;
} safe_context_t;

/**
 * Binds `model` to `arena`, sets up what it needs there and resets its state.
 *
 * @param context Filled in on success, untouched otherwise.
 * @param arena At least `model->arena_bytes` bytes, aligned to SAFE_ARENA_ALIGNMENT.
 * @return ARGUMENT (null or misaligned), ABI, ARENA_TOO_SMALL; RUNTIME when a foreign runtime
 * refuses the model or the arena.
 */
SAFE_MUST_CHECK safe_status_t safe_context_init(safe_context_t *context, const safe_model_t *model,
                                                void *arena, size_t arena_bytes);

/** Returns where input `index` lies, or null when there is no such input. It is
 * overwritten by safe_context_invoke: fill it before every call. A streaming model has none. */
void *safe_context_input(const safe_context_t *context, size_t index);

/** Returns where output `index` lies, or null; valid until the next invoke or fill. */
const void *safe_context_output(const safe_context_t *context, size_t index);

/** Clears recurrent state: the next invoke starts a new window. A streaming model forgets all
 * samples, too. @return RUNTIME: see above; the same of every call below. */
SAFE_MUST_CHECK safe_status_t safe_context_reset(const safe_context_t *context);

/** Computes the outputs; recurrent state carries over from the previous invoke unless reset.
 * @return UNSUPPORTED for a streaming model: use safe_stream_invoke. */
SAFE_MUST_CHECK safe_status_t safe_context_invoke(const safe_context_t *context);

/**
 * Windowed semantics in one call for a model with one input and one output: copies `input` in,
 * resets, invokes, copies the result to `output`.
 *
 * @param input `inputs[0].size_bytes` bytes. @param output `outputs[0].size_bytes` bytes.
 * @return ARGUMENT when a length differs or the model has several inputs or outputs. UNSUPPORTED
 * for a streaming model: use safe_stream_run.
 */
SAFE_MUST_CHECK safe_status_t safe_context_run(const safe_context_t *context, const void *input,
                                               size_t input_bytes, void *output,
                                               size_t output_bytes);

/** Returns the foreign runtime's own code after a call on this arena returned RUNTIME. */
int32_t safe_runtime_code(const void *arena);

#ifdef __cplusplus
}
#endif

#endif
