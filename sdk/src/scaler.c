/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/scaler.h"

#include <string.h>

#include "safe/exact_float.h"

bool safe_scaler_is_finite(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return (bits & UINT32_C(0x7F800000)) != UINT32_C(0x7F800000);
}

float safe_scaler_standardize(float value, float mean, float inv_std)
{
    float centred = value - mean;

    return centred * inv_std;
}

float safe_scaler_clamp(float value, float limit)
{
    if (value < -limit) {
        return -limit;
    }
    return value > limit ? limit : value;
}

int8_t safe_scaler_quantize(float z, float clip, float inv_scale, int32_t zero_point)
{
    float steps = safe_scaler_clamp(z, clip) * inv_scale;
    float half_added = steps >= 0.0f ? steps + 0.5f : steps - 0.5f;
    int32_t quantized = (int32_t)half_added + zero_point;

    if (quantized < INT8_MIN) {
        return INT8_MIN;
    }
    return quantized > INT8_MAX ? (int8_t)INT8_MAX : (int8_t)quantized;
}
