/* SPDX-License-Identifier: Apache-2.0 */
/** @file strided_slice.c Reference copy with strides. */
#include "safe/kernel/strided_slice.h"

#include <stddef.h>
#include <string.h>

void safe_kernel_strided_slice_bytes(const safe_strided_slice_params_t *params, const void *input,
                                     void *output)
{
    const uint8_t *bytes = input;
    uint8_t *target = output;
    const size_t run = (size_t)params->run_bytes;
    for (int32_t a = 0; a < params->axis0.count; a++) {
        for (int32_t b = 0; b < params->axis1.count; b++) {
            for (int32_t c = 0; c < params->axis2.count; c++) {
                for (int32_t d = 0; d < params->axis3.count; d++) {
                    const int32_t from = params->start_bytes + a * params->axis0.step_bytes +
                                         b * params->axis1.step_bytes +
                                         c * params->axis2.step_bytes +
                                         d * params->axis3.step_bytes;
                    memcpy(target, &bytes[from], run);
                    target += run;
                }
            }
        }
    }
}
