/* SPDX-License-Identifier: Apache-2.0 */
/** @file quadratic.h A positive quadratic form, and what each value contributes to it.
 *
 * A form over K values is |F v|^2 with F lower triangular, packed row by row: row i holds entries
 * 0..i, K(K+1)/2 floats. Sums run in index order from 0. Specified in
 * `host_tools/detection/statistic.py`.
 */
#ifndef SAFE_QUADRATIC_H
#define SAFE_QUADRATIC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Returns |F v|^2; 0 for count 0. */
float safe_quadratic(const float *factor, const float *values, size_t count);

/** Returns a bound of |F v|^2 over |v[i]| <= limit; infinite or NaN when F is not finite. */
float safe_quadratic_bound(const float *factor, size_t count, float limit);

/**
 * Finds the values that contribute most: how much lower the form were if value j were what the
 * others make most likely (Alcala and Qin, Automatica 45, 2009).
 *
 * @param scratch [count]. @param names [count], what to call each value.
 * @param top [most], names by descending contribution, the lower index before an equal one; what
 * does not contribute is not named, and the rest is left as it is.
 * @return entries of `top` that were written.
 */
size_t safe_quadratic_top(const float *factor, const float *values, size_t count, float *scratch,
                          const uint16_t *names, uint16_t *top, size_t most);

#ifdef __cplusplus
}
#endif

#endif
