/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the soft float and the division of small cores with the host's own, bit by bit. */
#include <stdint.h>
#include <string.h>

#include "../../../targets/arch/cortex_m/soft_divide.c"
#include "../../../targets/arch/cortex_m/soft_float.c"

static float number(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Whether `got` are the bits of `wanted`; of a NaN that no operand was, only that it is one. */
static int32_t same(uint32_t got, float wanted)
{
    uint32_t bits;
    memcpy(&bits, &wanted, sizeof bits);
    return got == bits || (is_nan(got) && is_nan(bits)) ? 1 : 0;
}

static int32_t divides(uint32_t a, uint32_t b)
{
    const int32_t x = (int32_t)a;
    const int32_t y = (int32_t)b;
    if (b == 0u) {
        return __aeabi_uidiv(a, b) == 0u && __aeabi_idiv(x, y) == 0 ? 1 : 0;
    }
    int32_t well = __aeabi_uidiv(a, b) == a / b && __aeabi_uidivmod(a, b) >> 32 == a % b ? 1 : 0;
    if (a != SIGN || b != UINT32_MAX) {
        const uint32_t rest = (uint32_t)(__aeabi_idivmod(x, y) >> 32);
        well &= __aeabi_idiv(x, y) == x / y && (int32_t)rest == x % y ? 1 : 0;
    }
    return well;
}

static int32_t differs(uint32_t a, uint32_t b)
{
    const float x = number(a);
    const float y = number(b);
    int32_t well = same(__aeabi_fadd(a, b), x + y) & same(__aeabi_fsub(a, b), x - y) &
                   same(__aeabi_frsub(a, b), y - x) & same(__aeabi_fmul(a, b), x * y) &
                   same(__aeabi_fdiv(a, b), x / y) & divides(a, b) & divides(a, b >> (a & 31u));
    well &= __aeabi_fcmpeq(a, b) == (x == y) && __aeabi_fcmplt(a, b) == (x < y);
    well &= __aeabi_fcmple(a, b) == (x <= y) && __aeabi_fcmpgt(a, b) == (x > y);
    well &= __aeabi_fcmpge(a, b) == (x >= y) && __aeabi_fcmpun(a, b) == (x != x || y != y);
    well &= same(__aeabi_ui2f(a), (float)a) & same(__aeabi_i2f((int32_t)a), (float)(int32_t)a);
    if (x > -2147483648.0f && x < 2147483648.0f) {
        well &= __aeabi_f2iz(a) == (int32_t)x;
    }
    if (x >= 0.0f && x < 4294967296.0f) {
        well &= __aeabi_f2uiz(a) == (uint32_t)x;
    }
    return 1 - well;
}

static uint32_t drawn(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

/* Number of pairs for which something differs: each of `special` with each, then `count` drawn
 * ones, of which half have exponents that are close to each other. */
uint32_t count_differences(const uint32_t *special, uint32_t specials, uint32_t count)
{
    uint32_t found = 0;
    uint64_t state = 1;
    for (uint32_t i = 0; i < specials * specials; i++) {
        found += (uint32_t)differs(special[i / specials], special[i % specials]);
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t a = drawn(&state);
        const uint32_t b = drawn(&state);
        const uint32_t close = (a & 0x7F800000u) + (((b >> 23) & 31u) << 23) - (15u << 23);
        found +=
            (uint32_t)differs(a, (i & 1u) != 0u ? b : (b & 0x807FFFFFu) | (close & 0x7F800000u));
    }
    return found;
}
