/* SPDX-License-Identifier: Apache-2.0 */
/* The scaler's arithmetic for the loops over channels: the same functions, without the calls. */
#ifndef SAFE_SCALER_INTERNAL_H
#define SAFE_SCALER_INTERNAL_H

#include "safe/exact_float.h"
#include "safe/scaler.h"

#ifdef __cplusplus
extern "C" {
#endif

/** safe_scaler_clamp, by one comparison as long as the value is within the limit. */
static inline float safe_clamped(float value, float limit)
{
    if (__builtin_fabsf(value) > limit) {
        return value > 0.0f ? limit : -limit;
    }
    return value;
}

/** safe_scaler_quantize. */
static inline int8_t safe_quantized(float z, float clip, float inv_scale, int32_t zero_point)
{
    float steps = safe_clamped(z, clip) * inv_scale;
    float half_added = steps >= 0.0f ? steps + 0.5f : steps - 0.5f;
    int32_t quantized = (int32_t)half_added + zero_point;

    if (quantized < INT8_MIN) {
        return INT8_MIN;
    }
    return quantized > INT8_MAX ? (int8_t)INT8_MAX : (int8_t)quantized;
}

#ifdef __cplusplus
}
#endif

#endif
