/* SPDX-License-Identifier: Apache-2.0 */
/** @file compiler.h What C99 cannot say: alignment of an object, a function kept whole, a cast that
 * C and C++ both take; and what the machine must be like. */
#ifndef SAFE_COMPILER_H
#define SAFE_COMPILER_H

/* Packed weights are read as words, and floats travel as they lie in memory. */
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safe: only little-endian machines are supported: build without -mbig-endian"
#endif

#if defined(__GNUC__) || defined(__clang__)
/** Aligns the object that it precedes to `bytes`, a power of two. */
#define SAFE_ALIGNED(bytes) __attribute__((aligned(bytes)))
#else
#error "safe: define SAFE_ALIGNED for this compiler in safe/compiler.h"
#endif

/** Makes `pointer`, a pointer to void, one of `type`; for headers that a C++ file includes. */
#if defined(__cplusplus)
#define SAFE_FROM_VOID(type, pointer) static_cast<type>(pointer)
#else
#define SAFE_FROM_VOID(type, pointer) ((type)(pointer))
#endif

/** Keeps a function as one symbol of its own name, so that a profiler finds it. */
#if defined(__clang__)
#define SAFE_NOINLINE __attribute__((noinline))
#else
/* Without noclone GCC may split the function into NAME.isra.0 or NAME.constprop.0. */
#define SAFE_NOINLINE __attribute__((noinline, noclone))
#endif

/** For a function that assembly calls: optimization over all files must neither rename nor drop it.
 */
#if defined(__clang__)
#define SAFE_FROM_ASSEMBLY __attribute__((used))
#else
#define SAFE_FROM_ASSEMBLY __attribute__((used, externally_visible))
#endif

/** For a function that runs once, or seldom: it is made small rather than fast, and so is what only
 * such functions call. */
#define SAFE_COLD __attribute__((cold))

/** Keeps the call before it from becoming a jump: it returns to the function that holds this, where
 * a profiler waits for it. Costs no instruction. */
#define SAFE_NO_TAIL_CALL() __asm__ volatile("")

/** A condition that seldom holds: the compiler keeps its work out of the common path. */
#if defined(__GNUC__) || defined(__clang__)
#define SAFE_UNLIKELY(condition) (__builtin_expect((condition) ? 1 : 0, 0) != 0)
#else
#define SAFE_UNLIKELY(condition) (condition)
#endif

/** Whether a word is loaded from any address in one instruction. */
#if !defined(SAFE_UNALIGNED_WORDS)
#if defined(__riscv) || (defined(__arm__) && !defined(__ARM_FEATURE_UNALIGNED))
#define SAFE_UNALIGNED_WORDS 0
#else
#define SAFE_UNALIGNED_WORDS 1
#endif
#endif

#endif
