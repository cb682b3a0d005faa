/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/scaler.h"

#include <string.h>

#include "safe/exact_float.h"
#include "scaler_internal.h"

bool safe_scaler_is_finite(float value)
{
    uint32_t bits;

    (void)memcpy(&bits, &value, sizeof bits);
    return (bits & UINT32_C(0x7F800000)) != UINT32_C(0x7F800000);
}

float safe_scaler_standardize(float value, float mean, float inv_std)
{
    float centred = value - mean;

    return centred * inv_std;
}

float safe_scaler_clamp(float value, float limit)
{
    return safe_clamped(value, limit);
}

int8_t safe_scaler_quantize(float z, float clip, float inv_scale, int32_t zero_point)
{
    return safe_quantized(z, clip, inv_scale, zero_point);
}
