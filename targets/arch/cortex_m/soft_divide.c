/* SPDX-License-Identifier: Apache-2.0 */
/** @file soft_divide.c Division of 32 bits for cores without it: the functions of the run-time ABI
 * (IHI 0043, section 5.2.1) that a compiler calls, small before fast. What is divided by 0 is 0. */
#include <stdint.h>

#include "cortex_m.h"
#include "safe/compiler.h"

#if SAFE_CORTEX_BASELINE || defined(SAFE_SOFT_FLOAT_TEST)

/* The ABI returns quotient and remainder in r0 and r1, as it does a number of 64 bits. */
uint64_t __aeabi_uidivmod(uint32_t dividend, uint32_t divisor);
uint64_t __aeabi_idivmod(int32_t dividend, int32_t divisor);
uint32_t __aeabi_uidiv(uint32_t dividend, uint32_t divisor);
int32_t __aeabi_idiv(int32_t dividend, int32_t divisor);

SAFE_FROM_ASSEMBLY uint64_t __aeabi_uidivmod(uint32_t dividend, uint32_t divisor)
{
    uint32_t quotient = 0;
    uint32_t bit = divisor != 0u ? 1u : 0u;
    for (; bit != 0u && divisor < dividend && divisor >> 31 == 0u; bit <<= 1) {
        divisor <<= 1;
    }
    for (; bit != 0u; bit >>= 1) {
        if (dividend >= divisor) {
            dividend -= divisor;
            quotient |= bit;
        }
        divisor >>= 1;
    }
    return (uint64_t)dividend << 32 | quotient;
}

SAFE_FROM_ASSEMBLY uint32_t __aeabi_uidiv(uint32_t dividend, uint32_t divisor)
{
    return (uint32_t)__aeabi_uidivmod(dividend, divisor);
}

static uint32_t magnitude(int32_t value)
{
    return value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
}

/* Towards 0: the remainder has the sign of the dividend. */
SAFE_FROM_ASSEMBLY uint64_t __aeabi_idivmod(int32_t dividend, int32_t divisor)
{
    const uint64_t both = __aeabi_uidivmod(magnitude(dividend), magnitude(divisor));
    const uint32_t quotient = (uint32_t)both;
    const uint32_t rest = (uint32_t)(both >> 32);
    return (uint64_t)(dividend < 0 ? 0u - rest : rest) << 32 |
           ((dividend ^ divisor) < 0 ? 0u - quotient : quotient);
}

SAFE_FROM_ASSEMBLY int32_t __aeabi_idiv(int32_t dividend, int32_t divisor)
{
    return (int32_t)(uint32_t)__aeabi_idivmod(dividend, divisor);
}

#endif
