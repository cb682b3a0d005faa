/* SPDX-License-Identifier: Apache-2.0 */
/** @file scaler.h Raw units to standard deviations to model input.
 *
 * Single precision, each operation rounded once (no fused multiply-add, no excess precision), so
 * that a host gets the same bits. Specified in `host_tools/detection/chain.py`.
 */
#ifndef SAFE_SCALER_H
#define SAFE_SCALER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest |z * inv_scale| that safe_scaler_quantize takes, 2^30: with 0.5 and a zero point added
 * it stays inside int32_t. */
#define SAFE_SCALER_MAX_STEPS 1073741824.0f

/** True when `value` is neither NaN nor infinite. Looks at the bits: an optimizer that assumes
 * finite mathematics cannot remove it. */
bool safe_scaler_is_finite(float value);

/** Returns (value - mean) * inv_std: two roundings. May be infinite, never NaN, for finite
 * arguments and inv_std > 0. */
float safe_scaler_standardize(float value, float mean, float inv_std);

/** Returns `value` limited to [-limit, limit]; limit >= 0, value not NaN. */
float safe_scaler_clamp(float value, float limit);

/**
 * Quantizes a standardized value: limits it to [-clip, clip], multiplies by `inv_scale`, rounds
 * half away from zero, adds the zero point and saturates to int8.
 *
 * @param z standardized value, not NaN. @param clip >= 0.
 * @param inv_scale 1 / scale; clip * inv_scale < SAFE_SCALER_MAX_STEPS.
 * @param zero_point -128 to 127.
 */
int8_t safe_scaler_quantize(float z, float clip, float inv_scale, int32_t zero_point);

#ifdef __cplusplus
}
#endif

#endif
