/* SPDX-License-Identifier: Apache-2.0 */
/** @file root.h The square root, correctly rounded by integer arithmetic.
 *
 * IEEE 754 asks for one result of a square root, but not every C library gives it and a
 * bare-metal image may link none: this one has the same bits everywhere.
 */
#ifndef SAFE_ROOT_H
#define SAFE_ROOT_H

#ifdef __cplusplus
extern "C" {
#endif

/** Returns the single precision number nearest to the root of `value`; value >= 0, finite. */
float safe_root(float value);

#ifdef __cplusplus
}
#endif

#endif
