/* SPDX-License-Identifier: Apache-2.0 */
/** @file svdf.h Filters in the features and in time, each of rank 1, with memory. */
#ifndef SAFE_KERNEL_SVDF_H
#define SAFE_KERNEL_SVDF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Constants of one call. */
typedef struct safe_svdf_params {
    int32_t batches;
    int32_t inputs;  /**< Features of one step. */
    int32_t filters; /**< Filters of all units. */
    int32_t rank;    /**< Filters of one unit. */
    int32_t memory;  /**< Steps that a filter sees. */
    int32_t input_zero_point;
    int32_t feature_multiplier; /**< From a sum over features to the state; see safe_requantize. */
    int32_t feature_shift;
    int32_t multiplier; /**< From a sum over time to the output. */
    int32_t shift;
    int32_t output_zero_point;
} safe_svdf_params_t;

/**
 * Moves the state one step, adds the newest, and computes
 * output[b][u] = saturate(requantize(bias[u] + sum over a unit's filters and time) + zero point).
 *
 * The generator proves that each sum, shifted left where a shift says so, fits into int32.
 * @param input [batches][inputs]. @param feature_weights [filters][inputs]. @param time_weights
 * [filters][memory], oldest first. @param bias [filters / rank]. @param state
 * [batches][filters][memory], zero point 0; changed. @param output [batches][filters / rank], must
 * not overlap the input. Source of the arithmetic: TFLM EvalIntegerSvdfReference, double rounding.
 */
void safe_kernel_svdf_s8(const safe_svdf_params_t *params, const int8_t *input,
                         const int8_t *feature_weights, const int16_t *time_weights,
                         const int32_t *bias, int16_t *state, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
