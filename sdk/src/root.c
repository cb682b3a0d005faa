/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/root.h"

#include <stdint.h>
#include <string.h>

#define MANTISSA_BITS 23
#define HIDDEN_BIT (UINT32_C(1) << MANTISSA_BITS)
#define BIAS 127

/** A root, and what its square leaves. */
typedef struct root_rest {
    uint32_t root;
    uint32_t rest; /**< At most 2 * root. */
} root_rest_t;

/** Returns the root of n in [2^14, 2^16), digit by digit. */
static root_rest_t short_root(uint32_t n)
{
    root_rest_t found = {0, n};

    for (uint32_t bit = UINT32_C(1) << 14; bit != 0u; bit >>= 2) {
        if (found.rest >= found.root + bit) {
            found.rest -= found.root + bit;
            found.root = (found.root >> 1) + bit;
        } else {
            found.root >>= 1;
        }
    }
    return found;
}

/** Returns the root of n * 2^16 + low from that of n, by one division (Zimmermann, Karatsuba Square
 * Root, 1999). @param low below 2^16. */
static root_rest_t longer_root(root_rest_t of, uint32_t low)
{
    uint32_t numerator = (of.rest << 8) + (low >> 8); /* rest < 2^17: it fits */
    uint32_t digits = numerator / (2u * of.root);
    uint32_t left = numerator - digits * 2u * of.root;
    root_rest_t found = {(of.root << 8) + digits, (left << 8) + (low & 0xFFu)};

    if (found.rest < digits * digits) { /* one too large */
        found.rest += 2u * found.root - 1u;
        found.root--;
    }
    found.rest -= digits * digits;
    return found;
}

/** Returns the root of n in [2^46, 2^48), rounded to nearest: a tie is impossible, because
 * (r + 1/2)^2 is no integer. */
static uint32_t integer_root(uint64_t n)
{
    root_rest_t found = short_root((uint32_t)(n >> 32));

    found = longer_root(found, (uint32_t)(n >> 16) & 0xFFFFu);
    found = longer_root(found, (uint32_t)n & 0xFFFFu);
    return found.rest > found.root ? found.root + 1u : found.root;
}

float safe_root_by_integers(float value)
{
    uint32_t bits;
    uint32_t mantissa;
    int32_t exponent;
    float root;

    (void)memcpy(&bits, &value, sizeof bits);
    mantissa = bits & (HIDDEN_BIT - 1u);
    exponent = (int32_t)(bits >> MANTISSA_BITS);
    if (exponent != 0) {
        mantissa |= HIDDEN_BIT;
    } else if (mantissa != 0u) {
        exponent = 1;
        while (mantissa < HIDDEN_BIT) {
            mantissa <<= 1;
            exponent--;
        }
    } else {
        return value; /* 0 */
    }
    /* value = mantissa * 2^power; made even, the power halves exactly. */
    exponent -= BIAS + MANTISSA_BITS;
    if ((exponent & 1) == 0) {
        mantissa <<= 1;
        exponent--;
    }
    exponent = (exponent - MANTISSA_BITS) / 2;
    bits = ((uint32_t)(exponent + BIAS + MANTISSA_BITS) << MANTISSA_BITS) +
           (integer_root((uint64_t)mantissa << MANTISSA_BITS) - HIDDEN_BIT);
    (void)memcpy(&root, &bits, sizeof root);
    return root;
}
