/* SPDX-License-Identifier: Apache-2.0 */
/** @file soft_float.c IEEE 754 single precision for cores without it and without a long
 * multiplication: the functions of the run-time ABI (IHI 0043, section 5.1.2) that a compiler
 * calls, small before fast. They round to the nearest, ties to even, know subnormal numbers, and
 * keep a NaN that comes in. The compiler's library takes 3.3 KB for the same.
 *
 * A number is its bits here, as the base calling convention passes it. Inside, a fraction with its
 * leading one at bit 30, next to an exponent e, is worth fraction / 2^30 * 2^(e - BIAS). */
#include <stdbool.h>
#include <stdint.h>

#include "cortex_m.h"
#include "safe/compiler.h"

#if SAFE_CORTEX_BASELINE || defined(SAFE_SOFT_FLOAT_TEST)

#define SIGN 0x80000000u
#define INFINITE 0x7F800000u
#define QUIET 0x00400000u
#define HIDDEN 0x00800000u
#define NOT_A_NUMBER (INFINITE | QUIET)
#define BIAS 127
#define MOST_EXPONENT 255
#define UNORDERED 2

uint32_t __aeabi_fadd(uint32_t a, uint32_t b);
uint32_t __aeabi_fsub(uint32_t a, uint32_t b);
uint32_t __aeabi_frsub(uint32_t a, uint32_t b);
uint32_t __aeabi_fmul(uint32_t a, uint32_t b);
uint32_t __aeabi_fdiv(uint32_t a, uint32_t b);
int32_t __aeabi_fcmpeq(uint32_t a, uint32_t b);
int32_t __aeabi_fcmplt(uint32_t a, uint32_t b);
int32_t __aeabi_fcmple(uint32_t a, uint32_t b);
int32_t __aeabi_fcmpge(uint32_t a, uint32_t b);
int32_t __aeabi_fcmpgt(uint32_t a, uint32_t b);
int32_t __aeabi_fcmpun(uint32_t a, uint32_t b);
uint32_t __aeabi_i2f(int32_t value);
uint32_t __aeabi_ui2f(uint32_t value);
int32_t __aeabi_f2iz(uint32_t a);
uint32_t __aeabi_f2uiz(uint32_t a);

/** Exponent in the upper half; fraction in the lower one: its leading one at bit 23, or 0. Two
 * registers, where a structure would be returned in memory. */
typedef uint64_t parts_t;

static bool is_nan(uint32_t a)
{
    return (a << 1) > (INFINITE << 1);
}

static inline uint32_t fraction_of(parts_t parts)
{
    return (uint32_t)parts;
}

static inline int32_t exponent_of(parts_t parts)
{
    return (int32_t)(uint32_t)(parts >> 32);
}

/** Takes a finite number apart. */
static SAFE_NOINLINE parts_t parts_of(uint32_t a)
{
    uint32_t fraction = a & (HIDDEN - 1u);
    int32_t exponent = (int32_t)((a << 1) >> 24);
    if (exponent != 0) {
        fraction |= HIDDEN;
    } else if (fraction != 0u) {
        for (exponent = 1; fraction < HIDDEN; exponent--) {
            fraction <<= 1;
        }
    }
    return (uint64_t)(uint32_t)exponent << 32 | fraction;
}

/** Rounds; bit 0 of `fraction` may stand for all that lies below it. `sign` is bit 31 of it. */
static SAFE_NOINLINE uint32_t packed(uint32_t sign, int32_t exponent, uint32_t fraction)
{
    sign &= SIGN;
    if (fraction == 0u) {
        return sign;
    }
    exponent++; /* of bit 31 */
    for (; fraction < SIGN; exponent--) {
        fraction <<= 1;
    }
    /* Subnormal: the exponent of 1 without its leading one. */
    for (; exponent < 1; exponent++) {
        fraction = (fraction >> 1) | (fraction & 1u);
        if (fraction <= 1u) {
            return sign; /* below half of the least number */
        }
    }
    const uint32_t rest = fraction & 255u;
    uint32_t bits = fraction >> 8;
    if (rest > 128u || (rest == 128u && (bits & 1u) != 0u)) {
        bits++;
    }
    /* A carry out of the fraction makes the exponent one larger, as it should. */
    if (exponent >= MOST_EXPONENT || bits + ((uint32_t)(exponent - 1) << 23) >= INFINITE) {
        return sign | INFINITE;
    }
    return sign | (bits + ((uint32_t)(exponent - 1) << 23));
}

/** The result of operands of which one is a NaN or an infinity: the NaN, else `otherwise`. */
static SAFE_NOINLINE uint32_t special(uint32_t a, uint32_t b, uint32_t otherwise)
{
    if (is_nan(a)) {
        return a | QUIET;
    }
    return is_nan(b) ? b | QUIET : otherwise;
}

SAFE_FROM_ASSEMBLY uint32_t __aeabi_fadd(uint32_t a, uint32_t b)
{
    if (a << 1 < b << 1) {
        const uint32_t larger = b;
        b = a;
        a = larger;
    }
    if (a << 1 >= INFINITE << 1) {
        /* `a` is the larger one: `b` is no NaN unless it is one, too. */
        return special(a, b, (a ^ b) == SIGN ? NOT_A_NUMBER : a);
    }
    const parts_t x = parts_of(a);
    const parts_t y = parts_of(b);
    const int32_t exponent = exponent_of(x);
    const uint32_t whole = fraction_of(y) << 7;
    /* Seven bits below the number's last one, of which the lowest is set if any below it was: the
     * difference of two numbers that are two or more places apart loses one place at most. */
    const int32_t apart = exponent - exponent_of(y);
    uint32_t other = whole;
    if (whole != 0u && apart != 0) {
        other = apart < 32 ? whole >> apart : 0u;
        other |= apart >= 32 || whole << (32 - apart) != 0u ? 1u : 0u;
    }
    const uint32_t most = fraction_of(x) << 7;
    if (((a ^ b) & SIGN) == 0u) {
        return packed(a, exponent, most + other);
    }
    return packed(most == other ? 0u : a, exponent, most - other);
}

SAFE_FROM_ASSEMBLY uint32_t __aeabi_fsub(uint32_t a, uint32_t b)
{
    return __aeabi_fadd(a, is_nan(b) ? b : b ^ SIGN);
}

SAFE_FROM_ASSEMBLY uint32_t __aeabi_frsub(uint32_t a, uint32_t b)
{
    return __aeabi_fsub(b, a);
}

static bool is_special(uint32_t a)
{
    return (a & INFINITE) == INFINITE;
}

SAFE_FROM_ASSEMBLY uint32_t __aeabi_fmul(uint32_t a, uint32_t b)
{
    const uint32_t sign = (a ^ b) & SIGN;
    if (is_special(a) || is_special(b)) {
        const bool is_zero = a << 1 == 0u || b << 1 == 0u;
        return special(a, b, is_zero ? NOT_A_NUMBER : sign | INFINITE);
    }
    const parts_t x = parts_of(a);
    const parts_t y = parts_of(b);
    /* 24 by 24 bits by halves of 12: each product and the sum of two fit 32 bits. */
    const uint32_t x1 = fraction_of(x) >> 12;
    const uint32_t x0 = fraction_of(x) & 0xFFFu;
    const uint32_t y1 = fraction_of(y) >> 12;
    const uint32_t y0 = fraction_of(y) & 0xFFFu;
    const uint32_t middle = x1 * y0 + x0 * y1;
    const uint32_t low = x0 * y0 + ((middle & 0xFFFu) << 12);
    const uint32_t high = x1 * y1 + (middle >> 12) + (low >> 24);
    /* The product is high * 2^24 + the lower 24 bits of `low`: its upper 32 of 48 bits. */
    const uint32_t sticky = (low & 0xFFFFu) != 0u ? 1u : 0u;
    const uint32_t fraction = (high << 8) | ((low >> 16) & 0xFFu) | sticky;
    return packed(sign, exponent_of(x) + exponent_of(y) - BIAS, fraction);
}

SAFE_FROM_ASSEMBLY uint32_t __aeabi_fdiv(uint32_t a, uint32_t b)
{
    const uint32_t sign = (a ^ b) & SIGN;
    if (is_special(a)) {
        return special(a, b, is_special(b) ? NOT_A_NUMBER : sign | INFINITE);
    }
    if (is_special(b)) {
        return special(a, b, sign);
    }
    const parts_t x = parts_of(a);
    const parts_t y = parts_of(b);
    if (fraction_of(y) == 0u) {
        return fraction_of(x) == 0u ? NOT_A_NUMBER : sign | INFINITE;
    }
    /* The quotient lies in (1/2, 2): bits 30 to 4 hold the 24 of the result and two to round by. */
    uint32_t rest = fraction_of(x);
    uint32_t quotient = 0;
    for (uint32_t bit = 1u << 30; bit >= 1u << 4; bit >>= 1) {
        if (rest >= fraction_of(y)) {
            rest -= fraction_of(y);
            quotient |= bit;
        }
        rest <<= 1;
    }
    return packed(sign, exponent_of(x) - exponent_of(y) + BIAS, quotient | (rest != 0u ? 1u : 0u));
}

/** A number that orders as the float does; both zeros are 0. */
static int32_t order_of(uint32_t a)
{
    const int32_t magnitude = (int32_t)(a & ~SIGN);
    return (a & SIGN) != 0u ? -magnitude : magnitude;
}

/** Negative, 0 or positive as a is below, equal to or above b; UNORDERED with a NaN. */
static SAFE_NOINLINE int32_t compared(uint32_t a, uint32_t b)
{
    if (is_nan(a) || is_nan(b)) {
        return UNORDERED;
    }
    const int32_t first = order_of(a);
    const int32_t second = order_of(b);
    return (first > second ? 1 : 0) - (first < second ? 1 : 0);
}

SAFE_FROM_ASSEMBLY int32_t __aeabi_fcmpun(uint32_t a, uint32_t b)
{
    return compared(a, b) == UNORDERED ? 1 : 0;
}

SAFE_FROM_ASSEMBLY int32_t __aeabi_fcmpeq(uint32_t a, uint32_t b)
{
    return compared(a, b) == 0 ? 1 : 0;
}

SAFE_FROM_ASSEMBLY int32_t __aeabi_fcmplt(uint32_t a, uint32_t b)
{
    return compared(a, b) < 0 ? 1 : 0;
}

SAFE_FROM_ASSEMBLY int32_t __aeabi_fcmple(uint32_t a, uint32_t b)
{
    return compared(a, b) <= 0 ? 1 : 0;
}

SAFE_FROM_ASSEMBLY int32_t __aeabi_fcmpge(uint32_t a, uint32_t b)
{
    return compared(b, a) <= 0 ? 1 : 0;
}

SAFE_FROM_ASSEMBLY int32_t __aeabi_fcmpgt(uint32_t a, uint32_t b)
{
    return compared(b, a) < 0 ? 1 : 0;
}

/** An unsigned number of 32 bits with a sign. */
static uint32_t from_magnitude(uint32_t sign, uint32_t magnitude)
{
    return packed(sign, BIAS + 30, magnitude);
}

SAFE_FROM_ASSEMBLY uint32_t __aeabi_ui2f(uint32_t value)
{
    return from_magnitude(0u, value);
}

SAFE_FROM_ASSEMBLY uint32_t __aeabi_i2f(int32_t value)
{
    const uint32_t bits = (uint32_t)value;
    return from_magnitude(bits, value < 0 ? 0u - bits : bits);
}

/** The magnitude without its fraction; `most` for what is too large or a NaN. */
static SAFE_NOINLINE uint32_t truncated(uint32_t a, uint32_t most)
{
    const int32_t places = (int32_t)((a << 1) >> 24) - BIAS;
    if (places < 0) {
        return 0u;
    }
    const uint32_t fraction = (a << 8) | SIGN;
    return places > 31 || fraction >> (31 - places) > most ? most : fraction >> (31 - places);
}

/* What fits no integer, which C leaves open, is the nearest one. */
SAFE_FROM_ASSEMBLY uint32_t __aeabi_f2uiz(uint32_t a)
{
    return (a & SIGN) != 0u ? 0u : truncated(a, UINT32_MAX);
}

SAFE_FROM_ASSEMBLY int32_t __aeabi_f2iz(uint32_t a)
{
    if ((a & SIGN) != 0u) {
        return (int32_t)(0u - truncated(a, SIGN));
    }
    return (int32_t)truncated(a, INT32_MAX);
}

#endif
