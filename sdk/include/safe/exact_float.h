/* SPDX-License-Identifier: Apache-2.0 */
/** @file exact_float.h Float arithmetic that gives the same bits in every build.
 *
 * The chain from raw sample to alarm is specified with one rounding per operation. A compiler may
 * compute `a * b + c` with one rounding instead of two (a fused multiply-add), and GCC does so by
 * default, and with every -std=gnuNN, wherever the core has such an instruction: Cortex-M4F,
 * RV32F, x86 with -mfma. Almost every result then differs in its last bits, without a warning.
 *
 * A file with float arithmetic includes this header before its first function; what a build's
 * flags say of contraction then no longer matters. GCC attaches its pragma to every function that
 * follows, so that it also holds in a link-time optimization. Clang keeps the standard pragma with
 * each operation. What cannot be undone in the source stops the build: excess precision, and an
 * optimizer that may reorder sums or assume that no value is NaN. One flag is beyond reach, because
 * clang neither tells of it nor heeds a pragma under it: do not compile with clang's
 * -ffp-contract=fast.
 */
#ifndef SAFE_EXACT_FLOAT_H
#define SAFE_EXACT_FLOAT_H

#include <float.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#else
#error "safe: switch fused multiply-add off for this compiler in safe/exact_float.h"
#endif

#if FLT_EVAL_METHOD != 0
#error "safe: float expressions must be evaluated in float: use SSE on x86, not x87"
#endif
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) ||     \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ != 0)
#error "safe: the chain is exact IEEE 754: compile without -ffast-math and its parts"
#endif

#endif
