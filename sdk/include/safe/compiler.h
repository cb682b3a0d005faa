/* SPDX-License-Identifier: Apache-2.0 */
/** @file compiler.h What C99 cannot say: alignment of an object, and a function kept whole. */
#ifndef SAFE_COMPILER_H
#define SAFE_COMPILER_H

#if defined(__GNUC__) || defined(__clang__)
/** Aligns the object that it precedes to `bytes`, a power of two. */
#define SAFE_ALIGNED(bytes) __attribute__((aligned(bytes)))
#else
#error "safe: define SAFE_ALIGNED for this compiler in safe/compiler.h"
#endif

/** Keeps a function as one symbol of its own name, so that a profiler finds it. */
#if defined(__clang__)
#define SAFE_NOINLINE __attribute__((noinline))
#else
/* Without noclone GCC may split the function into NAME.isra.0 or NAME.constprop.0. */
#define SAFE_NOINLINE __attribute__((noinline, noclone))
#endif

/** A condition that seldom holds: the compiler keeps its work out of the common path. */
#if defined(__GNUC__) || defined(__clang__)
#define SAFE_UNLIKELY(condition) (__builtin_expect((condition) ? 1 : 0, 0) != 0)
#else
#define SAFE_UNLIKELY(condition) (condition)
#endif

/** Whether a word is loaded from any address in one instruction. */
#if !defined(SAFE_UNALIGNED_WORDS)
#if defined(__riscv)
#define SAFE_UNALIGNED_WORDS 0
#else
#define SAFE_UNALIGNED_WORDS 1
#endif
#endif

#endif
