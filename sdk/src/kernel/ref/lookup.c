/* SPDX-License-Identifier: Apache-2.0 */
/** @file lookup.c Reference table lookup. */
#include "safe/kernel/goal.h"

#include "safe/kernel/lookup.h"

void safe_kernel_lookup_s8(const safe_lookup_params_t *params, const int8_t *input,
                           const int8_t *table, int8_t *output)
{
    /* A copy: what is behind a pointer would be loaded again after every store of a byte. */
    const int32_t length = params->length;
    for (int32_t i = 0; i < length; i++) {
        output[i] = table[(uint8_t)input[i]];
    }
}
