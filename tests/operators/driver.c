/* SPDX-License-Identifier: Apache-2.0 */
/** @file driver.c Runs the generated model `m` over windows from standard input, each on a new
 * arena: what it reads before it has written it is seen by valgrind and MSan. All inputs of a
 * window in turn; writes all outputs. Ends with 1 on any error. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "safe_m.h"

/** Reads the inputs of a window; 0 at the end of the windows. */
static int fill(const safe_context_t *context)
{
    for (uint32_t i = 0; i < safe_m_model.input_count; i++) {
        const size_t bytes = safe_m_model.inputs[i].size_bytes;
        if (fread(safe_context_input(context, i), 1, bytes, stdin) != bytes) {
            return 0;
        }
    }
    return 1;
}

/** Computes a window and writes its outputs; 0 on any error. */
static int compute(const safe_context_t *context)
{
    if (safe_m_invoke(context) != SAFE_STATUS_OK) {
        return 0;
    }
    for (uint32_t i = 0; i < safe_m_model.output_count; i++) {
        const size_t bytes = safe_m_model.outputs[i].size_bytes;
        if (fwrite(safe_context_output(context, i), 1, bytes, stdout) != bytes) {
            return 0;
        }
    }
    return 1;
}

int main(void)
{
    int more = 1;
    while (more != 0) {
        safe_context_t context;
        void *arena = malloc(SAFE_M_ARENA_BYTES);
        if (arena == NULL || safe_m_init(&context, arena, SAFE_M_ARENA_BYTES) != SAFE_STATUS_OK) {
            free(arena);
            return 1;
        }
        more = fill(&context);
        if (more != 0 && compute(&context) == 0) {
            free(arena);
            return 1;
        }
        free(arena);
    }
    return 0;
}
