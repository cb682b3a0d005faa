/* SPDX-License-Identifier: Apache-2.0 */
/** @file mul_dsp.c Product of int8 tensors: two SXTAB16 take the zero point off four values, and
 * both roundings are an SMMLAR each. */
#include "safe/kernel/goal.h"

#include "safe/kernel/mul_dsp.h"

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"
#include "safe/kernel/dsp_limit.h"

/** What an element needs. */
typedef struct scaled {
    uint32_t minus1; /**< -zero_point1 in both halves, and so on. */
    uint32_t minus2;
    int32_t multiplier;
    int32_t factor;
    int32_t zero_point; /**< That of the output, plus 128. */
} scaled_t;

/** A value in both halves of a word. */
static inline uint32_t both(int32_t value)
{
    return ((uint32_t)value & 0xFFFFu) * 0x10001u;
}

/**
 * Rescales a product, of at most 255 * 255 in magnitude.
 *
 * SMMLAR by 2 M - 2^32, plus the product, is round(product * 2 M / 2^32) with halves up, the first
 * rounding of safe_requantize. One less below 0, then halves up, is its second one, which goes away
 * from 0: SMMLAR by 2^(32 - s) is round(value / 2^s), and adds the zero point. Where the first
 * rounding gives 0, |product * M| < 2^30 and the one less changes nothing, as s is at least 2.
 */
static inline int32_t rescaled(scaled_t e, int32_t product)
{
    const int32_t high = safe_dsp_smmlar(product, e.multiplier, product + (product >> 30));
    return safe_dsp_smmlar(high, e.factor, e.zero_point);
}

/** Two results 128 too large, each limited to [0, 255] in its half. Unlimited they fit int16: less
 * than 255 * 255 / 2^2 and a zero point, as s is at least 2. */
static inline uint32_t two(scaled_t e, uint32_t first, uint32_t second)
{
    const int32_t high = rescaled(e, safe_dsp_smultt(first, second));
    const int32_t low = rescaled(e, safe_dsp_smulbb(first, second));
    return safe_dsp_usat16_8(safe_dsp_pkhbt((uint32_t)low, (uint32_t)high));
}

/** The same for the even bytes and the odd bytes of four values, as four results. */
static inline uint32_t four(uint32_t even, uint32_t odd)
{
    return (even | odd << 8) ^ 0x80808080u;
}

/** One result. @param second The second factor without its zero point, in the lower half. */
static inline int8_t one(scaled_t e, int8_t first, uint32_t second)
{
    const uint32_t even1 = safe_dsp_sxtab16(e.minus1, (uint8_t)first);
    return (int8_t)(uint8_t)(two(e, even1, second) ^ 0x80u);
}

/** One run, four elements a turn. An output may lie over an input, as each turn reads before it
 * writes. */
static SAFE_NOINLINE void run_pairs(const scaled_t *scaled, int32_t length, const int8_t *input1,
                                    const int8_t *input2, int8_t *output)
{
    const scaled_t e = *scaled;
    const int8_t *const end = &output[length & ~3];
    while (output != end) {
        const uint32_t four1 = safe_dsp_load(input1);
        const uint32_t four2 = safe_dsp_load(input2);
        const uint32_t even =
            two(e, safe_dsp_sxtab16(e.minus1, four1), safe_dsp_sxtab16(e.minus2, four2));
        SAFE_DSP_FENCE(); /* registers for one pair only */
        const uint32_t odd =
            two(e, safe_dsp_sxtab16_odd(e.minus1, four1), safe_dsp_sxtab16_odd(e.minus2, four2));
        safe_dsp_store(output, four(even, odd));
        input1 += 4;
        input2 += 4;
        output += 4;
    }
    for (int32_t left = length & 3; left > 0; left--) {
        *output++ = one(e, *input1++, safe_dsp_sxtab16(e.minus2, (uint8_t)*input2++));
    }
}

/** The same where the second factor is one value. */
static SAFE_NOINLINE void run_repeated(const scaled_t *scaled, int32_t length, const int8_t *input1,
                                       const int8_t *input2, int8_t *output)
{
    const scaled_t e = *scaled;
    const uint32_t second = safe_dsp_sadd16(both(*input2), e.minus2);
    const int8_t *const end = &output[length & ~3];
    while (output != end) {
        const uint32_t four1 = safe_dsp_load(input1);
        const uint32_t even = two(e, safe_dsp_sxtab16(e.minus1, four1), second);
        SAFE_DSP_FENCE();
        const uint32_t odd = two(e, safe_dsp_sxtab16_odd(e.minus1, four1), second);
        safe_dsp_store(output, four(even, odd));
        input1 += 4;
        output += 4;
    }
    for (int32_t left = length & 3; left > 0; left--) {
        *output++ = one(e, *input1++, second);
    }
}

void safe_kernel_mul_s8_dsp(const safe_mul_dsp_params_t *params, const int8_t *input1,
                            const int8_t *input2, int8_t *output)
{
    const safe_broadcast_t *walk = &params->walk;
    const scaled_t scaled = {both(-params->zero_point1), both(-params->zero_point2),
                             params->multiplier, params->factor, params->zero_point + 128};
    int8_t *const first = output;
    for (int32_t row = 0; row < walk->rows; row++) {
        const safe_broadcast_start_t start = safe_broadcast_row(walk, row);
        if (walk->step2 != 0) {
            run_pairs(&scaled, walk->length, &input1[start.first], &input2[start.second], output);
        } else {
            run_repeated(&scaled, walk->length, &input1[start.first], &input2[start.second],
                         output);
        }
        output += walk->length;
    }
    if (params->low > INT8_MIN || params->high < INT8_MAX) {
        safe_dsp_clamp_s8(first, walk->rows * walk->length, params->low, params->high);
    }
}
