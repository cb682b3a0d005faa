/* SPDX-License-Identifier: Apache-2.0 */
/** @file root.h The square root, correctly rounded.
 *
 * IEEE 754 asks for one result of a square root, but not every C library gives it and a bare-metal
 * image may link none. Where the core has an instruction for it, that is taken: it rounds as the
 * standard says. Elsewhere integers do the same. The bits are the same everywhere.
 */
#ifndef SAFE_ROOT_H
#define SAFE_ROOT_H

#ifdef __cplusplus
extern "C" {
#endif

/** Returns the single precision number nearest to the root of `value`, by integer arithmetic;
 * value >= 0, finite. */
float safe_root_by_integers(float value);

/** Returns the single precision number nearest to the root of `value`; value >= 0, finite. */
static inline float safe_root(float value)
{
#if defined(__ARM_FP) && (__ARM_FP & 4) && !defined(__aarch64__)
    float root;

    __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(value));
    return root;
#else
    return safe_root_by_integers(value);
#endif
}

#ifdef __cplusplus
}
#endif

#endif
