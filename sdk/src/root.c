/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/root.h"

#include <stdint.h>
#include <string.h>

#define MANTISSA_BITS 23
#define HIDDEN_BIT (UINT32_C(1) << MANTISSA_BITS)
#define BIAS 127

/** Returns the root of n in [2^46, 2^48), rounded to nearest: a tie is impossible, because
 * (r + 1/2)^2 is no integer. */
static uint32_t integer_root(uint64_t n)
{
    uint64_t root = 0;
    uint64_t rest = n;

    for (uint64_t bit = UINT64_C(1) << 46; bit != 0u; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)(rest > root ? root + 1u : root);
}

float safe_root(float value)
{
    uint32_t bits;
    uint32_t mantissa;
    int32_t exponent;
    float root;

    memcpy(&bits, &value, sizeof bits);
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
    memcpy(&root, &bits, sizeof root);
    return root;
}
