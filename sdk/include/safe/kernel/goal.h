/* SPDX-License-Identifier: Apache-2.0 */
/** @file goal.h What the kernels are made for: speed, small code, or both. Kernel files include it
 * before anything else; all goals give the same bytes.
 *
 * A standalone folder has its goal written here, see `codegen --optimize`; an image defines
 * SAFE_GOAL for all of its files. A file that GCC makes slower by -Os, as sums then leave the
 * registers, defines SAFE_GOAL_NO_SMALL before; one that is slower by -O3 SAFE_GOAL_NO_FAST; and
 * one that is faster where others are not SAFE_GOAL_FAST. */
#ifndef SAFE_KERNEL_GOAL_H
#define SAFE_KERNEL_GOAL_H

/** Tiles take four blocks in a turn of their loop. */
#define SAFE_GOAL_BALANCED 0
/** Eight, which just fill a small instruction cache of 1 KB in front of a flash; and -O3, but for
 * cores with the DSP extension, whose tiles are assembly: there it adds 1 to 3 KB for 0.3%. */
#define SAFE_GOAL_SPEED 1
/** One, and -Os. */
#define SAFE_GOAL_SIZE 2

#ifndef SAFE_GOAL
#define SAFE_GOAL SAFE_GOAL_BALANCED
#endif

/* SAFE_REPEAT(code) is the unrolled loop, SAFE_UNROLL how often it holds `code`. */
#if SAFE_GOAL == SAFE_GOAL_SIZE
#define SAFE_UNROLL 1
#define SAFE_REPEAT(code) code
#elif SAFE_GOAL == SAFE_GOAL_SPEED
#define SAFE_UNROLL 8
#define SAFE_REPEAT(code) code code code code code code code code
#else
#define SAFE_UNROLL 4
#define SAFE_REPEAT(code) code code code code
#endif

#if defined(__ARM_FEATURE_DSP) && !defined(SAFE_GOAL_FAST)
#define SAFE_GOAL_NO_FAST
#endif
/* Clang has no such pragma: there the goal is in the forms alone. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#if SAFE_GOAL == SAFE_GOAL_SIZE && !defined(SAFE_GOAL_NO_SMALL)
#pragma GCC optimize("Os")
#elif SAFE_GOAL == SAFE_GOAL_SPEED && !defined(SAFE_GOAL_NO_FAST)
#pragma GCC optimize("O3")
#endif
#endif

#endif
