/* SPDX-License-Identifier: Apache-2.0 */
/** @file app.h The one model of a firmware image, with the memory it runs in.
 *
 * An application is linked with one generated `safe_app_model.c`, which defines
 * safe_app_model(); nothing else in an application depends on the model.
 */
#ifndef SAFE_APP_H
#define SAFE_APP_H

#include <stddef.h>
#include <stdint.h>

#include "safe/detector.h"
#include "safe/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How an application keeps what its detector learns: safe_app_keeper. */
typedef struct safe_app_keeper {
    /** Restores what was saved, and saves from now on; nothing where the target has no store. */
    void (*restore)(safe_detector_t *detector);
    /** Notes a result that makes a save due. */
    void (*note)(const safe_detector_result_t *result);
    /** Saves when it is time. */
    void (*save)(const safe_detector_t *detector, uint32_t now_ms);
} safe_app_keeper_t;

/** Keeps a baseline in safe_port_store; what does not learn does not name it, and does not link it.
 */
extern const safe_app_keeper_t safe_app_keeper;

/** A model, its detector, and static memory for one instance of each. */
typedef struct safe_app_model {
    const safe_model_t *model; /**< Without a network: a name and a hash, no inputs. */
    /** safe_context_init; null without a network: then nothing that runs one is linked. */
    safe_status_t (*bind)(safe_context_t *context, const safe_model_t *model, void *arena,
                          size_t arena_bytes);
    const safe_detector_config_t *detector; /**< Null when generated without a detector. */
    uint8_t *arena;                         /**< Aligned to SAFE_ARENA_ALIGNMENT. */
    size_t arena_bytes;                     /**< model->arena_bytes */
    safe_detector_memory_t memory;          /**< All zero without a detector. */
    uint8_t *saved;     /**< What was learned, on its way to or from flash; null when nothing is. */
    size_t saved_bytes; /**< safe_detector_saved_bytes() */
    const safe_app_keeper_t *keeper; /**< &safe_app_keeper; null when nothing is learned. */
} safe_app_model_t;

/** Returns the image's model; never null, always the same object. */
const safe_app_model_t *safe_app_model(void);

#ifdef __cplusplus
}
#endif

#endif
