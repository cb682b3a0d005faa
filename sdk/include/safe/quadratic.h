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

/** Writes F v over v. @param values [count] v, then F v. */
void safe_quadratic_transform(const float *factor, float *values, size_t count);

/**
 * Takes out of F v what the masked values could explain: what stays is the form of the others with
 * their own block of the covariance.
 *
 * @param values [count] F v, where v is 0 at the masked positions.
 * @param masked [masked_count] ascending positions below count.
 * @param columns [masked_count * count] scratch.
 */
void safe_quadratic_project(const float *factor, float *values, size_t count,
                            const uint16_t *masked, size_t masked_count, float *columns);

/** Returns the sum of squares of values [count]; with masked ones it is stretched by
 * count / (count - masked_count), and 0 when all are masked. */
float safe_quadratic_square(const float *values, size_t count, size_t masked_count);

/** Returns a bound of the form over |v[i]| <= limit, whatever is masked; infinite or NaN when F is
 * not finite. */
float safe_quadratic_bound(const float *factor, size_t count, float limit);

/**
 * Finds the values that contribute most: how much lower the form were if value j were what the
 * others make most likely (Alcala and Qin, Automatica 45, 2009).
 *
 * @param transformed [count] F v. @param names [count], what to call each value.
 * @param top [most], names by descending contribution, the lower index before an equal one; what
 * does not contribute is not named, and the rest is left as it is.
 * @return entries of `top` that were written.
 */
size_t safe_quadratic_top(const float *factor, const float *transformed, size_t count,
                          const uint16_t *names, uint16_t *top, size_t most);

#ifdef __cplusplus
}
#endif

#endif
