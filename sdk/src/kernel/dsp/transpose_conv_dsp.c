/* SPDX-License-Identifier: Apache-2.0 */
/** @file transpose_conv_dsp.c int8 transposed convolution of few channels: the columns of two
 * positions serve all lines of outputs, each of which reads the part with taps of its own. */
#include "safe/kernel/goal.h"

#include "safe/kernel/transpose_conv_dsp.h"

#include <string.h>

#include "safe/compiler.h"
#include "safe/kernel/dsp.h"
#include "safe/kernel/dsp_bytes.h"

/** What the tile needs for one of the lines of outputs. */
typedef struct product {
    uint32_t *columns;       /**< All taps; the same for all lines. */
    const uint32_t *values;  /**< The part of them with taps of its own. */
    const uint32_t *weights; /**< Weights for these. */
    safe_gemm4x2_t extent;   /**< Extent of the product; the outputs move on. */
} product_t;

/** Copies an image into what is seen of it and of its border, `line_bytes` a line. */
static void surround(const safe_transpose_conv_dsp_params_t *params, const int8_t *image,
                     int32_t line_bytes, int32_t bytes, int8_t *seen)
{
    const int32_t inside = params->x.size * params->input_channels;
    (void)memset(seen, params->input_zero_point, (size_t)bytes);
    seen += params->y.pad * line_bytes + params->x.pad * params->input_channels;
    for (int32_t y = 0; y < params->y.size; y++) {
        (void)memcpy(seen, image, (size_t)inside);
        image += inside;
        seen += line_bytes;
    }
}

/** Expands both columns side by side, as safe_dsp_gemm4x2 reads them; there are few blocks, so that
 * a call of safe_dsp_expand_two would take as long again. @param length A multiple of 4. */
static inline uint32_t *expand(const int8_t *a, const int8_t *b, int32_t length, uint32_t *words)
{
    const int8_t *end = &a[length];
    do {
        const uint32_t first = safe_dsp_load(a);
        const uint32_t second = safe_dsp_load(b);
        const uint32_t a0 = safe_dsp_sxtb16(first);
        const uint32_t b0 = safe_dsp_sxtb16(second);
        const uint32_t a1 = safe_dsp_sxtb16_odd(first);
        const uint32_t b1 = safe_dsp_sxtb16_odd(second);
        SAFE_DSP_STORE_PAIR(words, a0, b0);
        SAFE_DSP_STORE_PAIR(words + 2, a1, b1);
        words += 4;
        a += 4;
        b += 4;
    } while (a != end);
    return words;
}

/** The outputs of one line of positions.
 * @param seen What tap 0 of the first one sees. @param products What each of the `lines` lines of
 * outputs needs, the first of which goes to `output`. */
static SAFE_NOINLINE void compute_line(const safe_transpose_conv_dsp_params_t *params,
                                       const int8_t *seen, int32_t line_bytes, product_t *products,
                                       int32_t lines, int8_t *output)
{
    const int32_t step = params->x.stride * params->input_channels;
    const int32_t taps = params->x.kernel * params->input_channels;
    const int32_t bytes = SAFE_GEMM4X2_ROWS * params->groups;
    const product_t *const end = &products[lines];
    for (product_t *product = products; product != end; product++) {
        product->extent.outputs[0] = output;
        product->extent.outputs[1] = &output[bytes];
        output += params->x.output * bytes;
    }
    for (int32_t left = params->x.output; left > 0; left -= 2) {
        const int8_t *other = &seen[step];
        if (left == 1) {
            /* The last position is alone: both columns are the same and write the same bytes. */
            other = seen;
            for (product_t *product = products; product != end; product++) {
                product->extent.outputs[1] = product->extent.outputs[0];
            }
        }
        uint32_t *words = products->columns;
        int32_t offset = 0;
        for (int32_t y = params->y.kernel; y > 0; y--) {
            words = expand(&seen[offset], &other[offset], taps, words);
            offset += line_bytes;
        }
        product_t *product = products;
        do {
            safe_dsp_gemm4x2(product->weights, product->values, &product->extent);
            product->extent.outputs[0] += 2 * bytes;
            product->extent.outputs[1] += 2 * bytes;
            product++;
        } while (product != end);
        seen += 2 * step;
    }
}

void safe_kernel_transpose_conv_s8_dsp(const safe_transpose_conv_dsp_params_t *params,
                                       const int8_t *input, const uint32_t *weights, void *scratch,
                                       int8_t *output)
{
    const int32_t channels = params->input_channels;
    const int32_t window = params->y.kernel * params->x.kernel * channels;
    const int32_t columns = (params->x.output - 1) * params->x.stride + params->x.kernel;
    const int32_t line_bytes = columns * channels;
    const int32_t seen_bytes = (params->y.output - 1 + params->y.kernel) * line_bytes;
    const int32_t input_bytes = params->y.size * params->x.size * channels;
    const int32_t output_bytes = params->x.output * SAFE_GEMM4X2_ROWS * params->groups;
    uint32_t *const words = (uint32_t *)scratch;
    int8_t *const first = output;
    product_t products[SAFE_TRANSPOSE_CONV_DSP_LINES];
    for (int32_t n = 0; n < params->lines; n++) {
        const safe_transpose_conv_line_t *line = &params->line[n];
        product_t *product = &products[n];
        product->columns = words;
        product->values = &words[line->values];
        product->weights = &weights[line->weights];
        product->extent.groups = (uint32_t)params->groups;
        product->extent.blocks = line->blocks;
        product->extent.zero_point = 2 * params->output_zero_point + 1;
    }
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const int8_t *seen = input;
        if (seen_bytes != input_bytes) {
            int8_t *const copy = (int8_t *)&words[window];
            surround(params, input, line_bytes, seen_bytes, copy);
            seen = copy;
        }
        for (int32_t left = params->output_lines; left > 0; left -= params->lines) {
            /* The last line of positions may have fewer lines of outputs. */
            const int32_t lines = left < params->lines ? left : params->lines;
            compute_line(params, seen, line_bytes, products, lines, output);
            seen += line_bytes;
            output += lines * output_bytes;
        }
        input += input_bytes;
    }
    if (params->output_min > INT8_MIN || params->output_max < INT8_MAX) {
        safe_dsp_clamp_s8(first, params->batches * params->output_lines * output_bytes,
                          params->output_min, params->output_max);
    }
}
