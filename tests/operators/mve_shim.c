/* SPDX-License-Identifier: Apache-2.0 */
/* The curves of mve_sigmoid.h over an array, four values at a time. */
#include "safe/kernel/mve_sigmoid.h"

void sigmoid_of(const int32_t *x, int32_t length, const uint32_t *lines, int32_t *result);
void tanh_of(const int32_t *x, int32_t length, const uint32_t *lines, int32_t *result);

void sigmoid_of(const int32_t *x, int32_t length, const uint32_t *lines, int32_t *result)
{
    for (int32_t k = 0; k < length; k += SAFE_MVE_LANES) {
        safe_mve_store(&result[k], safe_mve_sigmoid(safe_mve_load(&x[k]), lines));
    }
}

void tanh_of(const int32_t *x, int32_t length, const uint32_t *lines, int32_t *result)
{
    const safe_mve_s32_t last = safe_mve_dup(SAFE_MVE_LINES - 1);
    for (int32_t k = 0; k < length; k += SAFE_MVE_LANES) {
        safe_mve_store(&result[k], safe_mve_tanh(safe_mve_load(&x[k]), last, lines));
    }
}
