/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_gru_step.h One step of a re-rolled GRU: what its kernels share besides the dot
 * products. */
#ifndef SAFE_KERNEL_REROLLED_GRU_STEP_H
#define SAFE_KERNEL_REROLLED_GRU_STEP_H

#include <stdint.h>

#include "safe/kernel/rerolled_step.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gates in Keras' order: update, reset, value. */
#define SAFE_GRU_GATES 3

/** 32-bit words of a step's constants; the order is that of
 * `codegen/operators/recurrent/gru_fit.py`. */
enum safe_gru_word {
    SAFE_GRU_INPUT, /**< A matrix product: see safe_rerolled_scale. */
    SAFE_GRU_RECURRENT = SAFE_GRU_INPUT + 3,
    SAFE_GRU_UPDATE_SUM = SAFE_GRU_RECURRENT + 3, /**< Three for each sum, see safe_rerolled_add. */
    SAFE_GRU_RESET_SUM = SAFE_GRU_UPDATE_SUM + 3,
    SAFE_GRU_VALUE_SUM = SAFE_GRU_RESET_SUM + 3,
    SAFE_GRU_HIDDEN_SUM = SAFE_GRU_VALUE_SUM + 3,
    SAFE_GRU_OPEN = SAFE_GRU_HIDDEN_SUM + 3, /**< 1 - update, as a sum without a second value. */
    SAFE_GRU_UPDATE = SAFE_GRU_OPEN + 3,     /**< Two for each argument. */
    SAFE_GRU_RESET = SAFE_GRU_UPDATE + 2,
    SAFE_GRU_VALUE = SAFE_GRU_RESET + 2,
    SAFE_GRU_RESET_PRODUCT = SAFE_GRU_VALUE + 2, /**< Two for each product, as of an LSTM. */
    SAFE_GRU_KEPT = SAFE_GRU_RESET_PRODUCT + 2,
    SAFE_GRU_NEW = SAFE_GRU_KEPT + 2,
    SAFE_GRU_ZEROS = SAFE_GRU_NEW + 2, /**< Zero points plus 128, from the lowest eight bits up:
                                        * value's recurrent term, last hidden state, 1 - update. */
    SAFE_GRU_WORDS = SAFE_GRU_ZEROS + 1
};

/**
 * The new hidden state.
 *
 * @param words Words of the step. @param gates, terms [3 * units] Terms of input and hidden state;
 * both are lost. @param before Hidden state, or NULL in the first step. @param hidden May be
 * `before`.
 */
void safe_rerolled_gru_update(const int32_t *words, const safe_rerolled_shared_t *shared,
                              int32_t units, int8_t *gates, int8_t *terms, const int8_t *before,
                              int8_t *hidden);

#ifdef __cplusplus
}
#endif

#endif
