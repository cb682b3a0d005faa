/* SPDX-License-Identifier: Apache-2.0 */
/** @file depthwise_conv_2d_mve.c int8 depthwise convolution: sixteen channels are a vector. Where a
 * tap looks is found once for each position, and outside the image it sees a row of zero points, so
 * that the inner loop knows nothing of borders. */
#define SAFE_GOAL_FAST
#include "safe/kernel/goal.h"

#include "safe/kernel/depthwise_conv_2d_mve.h"

#include "safe/compiler.h"
#include "safe/kernel/mve_copy.h"
#include "safe/kernel/mve_requantize.h"
#include "safe/kernel/mve_s8.h"

#define LANES SAFE_DEPTHWISE_MVE_LANES

/** The sums of 16 channels; [0] of channels 0, 4, 8, 12, [1] from 2, [2] from 1, [3] from 3 on: as
 * products of the even and odd lanes fall apart when they are widened, and come together when they
 * are narrowed. */
typedef struct sums {
    safe_mve_s32_t of[4];
} sums_t;

static inline void add_products(sums_t *sums, safe_mve_s16_t even, safe_mve_s16_t odd)
{
    sums->of[0] = safe_mve_add_even(sums->of[0], even);
    sums->of[1] = safe_mve_add_odd(sums->of[1], even);
    sums->of[2] = safe_mve_add_even(sums->of[2], odd);
    sums->of[3] = safe_mve_add_odd(sums->of[3], odd);
}

/** Rescales four of the sums. @param scales 16 multipliers from these on, and behind them 16
 * shifts.
 */
static inline safe_mve_s32_t rescaled(safe_mve_s32_t sum, const int8_t *scales, int32_t part)
{
    const int8_t *shift = &scales[4 * LANES + 4 * part];
    return safe_mve_requantize(sum, safe_mve_load((const int32_t *)(const void *)scales + 4 * part),
                               safe_mve_load_s8(shift));
}

/** Adds the products of one tap. */
static inline void add_tap(sums_t *sums, const int8_t *values, const int8_t *weights)
{
    const safe_mve_s8_t x = safe_mve_load16(values);
    const safe_mve_s8_t w = safe_mve_load16(weights);
    add_products(sums, safe_mve_mul_even(x, w), safe_mve_mul_odd(x, w));
}

/** Adds the products of `pairs` >= 1 pairs of taps, which fit 16 bits together; moves every tap by
 * 16 channels, and returns the end of the weights.
 *
 * Assembly, as eight registers hold four sums and four other vectors only if the second weights are
 * loaded twice, once for the even lanes and once for the odd: GCC 12 keeps a sum in memory. 23
 * instructions in the place of 29 for 32 products. */
static inline const int8_t *add_pairs(sums_t *sums, const int8_t **tap, const int8_t *weights,
                                      int32_t pairs)
{
#if SAFE_MVE
    int8x16_t x;
    int8x16_t w;
    int16x8_t even;
    int16x8_t odd;
    const int8_t *first;
    const int8_t *second;
    __asm__(
        "dls lr, %[pairs]\n"
        "1:\n\t"
        "ldrd %[first], %[second], [%[tap]]\n\t"
        "vldrb.8 %q[x], [%[first]], #16\n\t"
        "vldrb.8 %q[w], [%[weights]], #32\n\t"
        "vmullb.s8 %q[even], %q[x], %q[w]\n\t"
        "vmullt.s8 %q[odd], %q[x], %q[w]\n\t"
        "vldrb.8 %q[x], [%[second]], #16\n\t"
        "vldrb.8 %q[w], [%[weights], #-16]\n\t"
        "strd %[first], %[second], [%[tap]], #8\n\t"
        "vmullb.s8 %q[w], %q[x], %q[w]\n\t"
        "vadd.i16 %q[even], %q[even], %q[w]\n\t"
        "vldrb.8 %q[w], [%[weights], #-16]\n\t"
        "vmullt.s8 %q[x], %q[x], %q[w]\n\t"
        "vadd.i16 %q[odd], %q[odd], %q[x]\n\t"
        "vmovlb.s16 %q[x], %q[even]\n\t"
        "vmovlt.s16 %q[w], %q[even]\n\t"
        "vadd.i32 %q[a], %q[a], %q[x]\n\t"
        "vmovlb.s16 %q[x], %q[odd]\n\t"
        "vadd.i32 %q[b], %q[b], %q[w]\n\t"
        "vmovlt.s16 %q[w], %q[odd]\n\t"
        "vadd.i32 %q[c], %q[c], %q[x]\n\t"
        "vadd.i32 %q[d], %q[d], %q[w]\n\t"
        "le lr, 1b"
        : [a] "+w"(sums->of[0]), [b] "+w"(sums->of[1]), [c] "+w"(sums->of[2]),
          [d] "+w"(sums->of[3]), [x] "=&w"(x), [w] "=&w"(w), [even] "=&w"(even), [odd] "=&w"(odd),
          [first] "=&r"(first), [second] "=&r"(second), [tap] "+r"(tap), [weights] "+r"(weights)
        : [pairs] "r"(pairs)
        : "lr", "cc", "memory");
#else
    for (; pairs > 0; pairs--, tap += 2, weights += 2 * LANES) {
        safe_mve_s8_t x = safe_mve_load16(tap[0]);
        safe_mve_s8_t w = safe_mve_load16(weights);
        safe_mve_s16_t even = safe_mve_mul_even(x, w);
        safe_mve_s16_t odd = safe_mve_mul_odd(x, w);
        x = safe_mve_load16(tap[1]);
        w = safe_mve_load16(&weights[LANES]);
        even = safe_mve_add_s16(even, safe_mve_mul_even(x, w));
        odd = safe_mve_add_s16(odd, safe_mve_mul_odd(x, w));
        add_products(sums, even, odd);
        tap[0] += LANES;
        tap[1] += LANES;
    }
#endif
    return weights;
}

/** Rescales, limits and stores 16 sums. @param scales 16 multipliers, then 16 shifts. */
static inline void store(const safe_depthwise_conv_2d_mve_params_t *params, const sums_t *sums,
                         const int8_t *scales, int8_t *output)
{
    safe_mve_s16_t even =
        safe_mve_narrow16(rescaled(sums->of[0], scales, 0), rescaled(sums->of[1], scales, 1));
    safe_mve_s16_t odd =
        safe_mve_narrow16(rescaled(sums->of[2], scales, 2), rescaled(sums->of[3], scales, 3));
    even = safe_mve_qadd_n_s16(even, params->output_zero_point);
    odd = safe_mve_qadd_n_s16(odd, params->output_zero_point);
    safe_mve_store16(output, safe_mve_clamp_s8(safe_mve_narrow8(even, odd), params->output_min,
                                               params->output_max));
}

/** Computes all channels of one position. @param tap What each tap sees; moved by all channels. */
static SAFE_NOINLINE void compute(const safe_depthwise_conv_2d_mve_params_t *params, int32_t taps,
                                  const int8_t **tap, const int8_t *weights, int8_t *output)
{
    const int8_t **last = &tap[taps & ~1];
    for (int32_t left = params->channels; left > 0; left -= LANES) {
        if (left < LANES) {
            /* Channels that are no multiple of 16: the last group begins before the end of the one
             * before it, and computes some channels a second time, to the same bytes. */
            const int32_t back = LANES - left;
            for (int32_t k = 0; k < taps; k++) {
                tap[k] -= back;
            }
            output -= back;
        }
        const int32_t *start = (const int32_t *)(const void *)weights;
        sums_t sums = {{safe_mve_load(start), safe_mve_load(&start[4]), safe_mve_load(&start[8]),
                        safe_mve_load(&start[12])}};
        weights += 4 * LANES;
        if (taps > 1) {
            weights = add_pairs(&sums, tap, weights, taps >> 1);
        }
        if ((taps & 1) != 0) {
            add_tap(&sums, *last, weights);
            *last += LANES;
            weights += LANES;
        }
        store(params, &sums, weights, output);
        weights += 5 * LANES;
        output += LANES;
    }
}

/** Whether all taps of an axis lie inside the image. */
static inline int is_inside(const safe_conv_axis_t *axis, int32_t position)
{
    return position >= 0 && position + (axis->kernel - 1) * axis->dilation < axis->size;
}

/** Finds what each tap sees at an output position whose tap 0 lies at (y, x). */
static void find_taps(const safe_depthwise_conv_2d_mve_params_t *params, const int8_t *image,
                      int32_t y, int32_t x, const int8_t *outside, const int8_t **tap)
{
    const int32_t channels = params->channels;
    const int32_t dilation = params->x.dilation;
    const int32_t end = x + params->x.kernel * dilation;
    for (int32_t rows = params->y.kernel; rows > 0; rows--, y += params->y.dilation) {
        /* As unsigned numbers positions before the first are large, too. */
        const uint32_t size = (uint32_t)y < (uint32_t)params->y.size ? (uint32_t)params->x.size : 0;
        const int8_t *row = size > 0 ? &image[y * params->x.size * channels] : image;
        for (int32_t column = x; column != end; column += dilation) {
            *tap++ = (uint32_t)column < size ? &row[column * channels] : outside;
        }
    }
}

void safe_kernel_depthwise_conv_2d_s8_mve(const safe_depthwise_conv_2d_mve_params_t *params,
                                          const int8_t *input, const int8_t *weights, void *scratch,
                                          int8_t *output)
{
    const int32_t channels = params->channels;
    const int8_t **tap = (const int8_t **)scratch;
    const int32_t taps = params->y.kernel * params->x.kernel;
    int8_t *outside = (int8_t *)(tap + taps);
    safe_mve_fill(outside, params->input_zero_point, channels);
    for (int32_t n = 0; n < params->batches; n++) {
        for (int32_t row = 0; row < params->y.output; row++) {
            const int32_t y = row * params->y.stride - params->y.pad;
            const int32_t may_stay = params->x.stride == 1 && is_inside(&params->y, y);
            int32_t x = -params->x.pad;
            for (int32_t column = 0; column < params->x.output; column++) {
                /* What was computed moved every tap by one input position. All inside, before and
                 * after: that is where they look now. */
                if (column == 0 || !may_stay || x < 1 || !is_inside(&params->x, x)) {
                    find_taps(params, input, y, x, outside, tap);
                }
                compute(params, taps, tap, weights, output);
                output += channels;
                x += params->x.stride;
            }
        }
        input += params->y.size * params->x.size * channels;
    }
}
