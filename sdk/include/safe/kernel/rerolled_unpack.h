/* SPDX-License-Identifier: Apache-2.0 */
/** @file rerolled_unpack.h The constants of each step of a re-rolled loop, from their differences.
 */
#ifndef SAFE_KERNEL_REROLLED_UNPACK_H
#define SAFE_KERNEL_REROLLED_UNPACK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The words of the next step: scales differ in every step, but little from one to the next.
 *
 * @param packed Differences from the words before, modulo 2^32, the lowest byte first: before every
 * four words a byte of what each leaves out, two bits each from the lowest, which is 4 less than
 * its bytes. The very first has four, so that a word of four bytes that ends with a difference lies
 * within the array. @param count Words of a step. @param words Words of the step before, at first
 * 0.
 * @return What follows the step.
 */
const uint8_t *safe_rerolled_unpack(const uint8_t *packed, int32_t count, int32_t *words);

#ifdef __cplusplus
}
#endif

#endif
