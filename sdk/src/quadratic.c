/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/quadratic.h"

#include "safe/exact_float.h"

/** Most values that safe_quadratic_top can name. */
#define MOST 8u

static float row_times(const float *row, const float *values, size_t entries)
{
    float sum = 0.0f;

    for (size_t j = 0; j < entries; j++) {
        float product = row[j] * values[j];

        sum = sum + product;
    }
    return sum;
}

float safe_quadratic(const float *factor, const float *values, size_t count)
{
    const float *row = factor;
    float total = 0.0f;

    for (size_t i = 0; i < count; i++) {
        float inner = row_times(row, values, i + 1u);
        float square = inner * inner;

        total = total + square;
        row += i + 1u;
    }
    return total;
}

float safe_quadratic_bound(const float *factor, size_t count, float limit)
{
    const float *row = factor;
    float total = 0.0f;

    for (size_t i = 0; i < count; i++) {
        float inner = 0.0f;

        for (size_t j = 0; j <= i; j++) {
            inner += row[j] < 0.0f ? -row[j] : row[j];
        }
        inner *= limit;
        total += inner * inner;
        row += i + 1u;
    }
    return total;
}

/** Contribution of value j; `transformed` is F v. */
static float contribution(const float *factor, const float *transformed, size_t count, size_t j)
{
    const float *column = &factor[j * (j + 1u) / 2u + j];
    float weight = 0.0f;
    float diagonal = 0.0f;

    for (size_t i = j; i < count; i++) {
        float product = *column * transformed[i];
        float square = *column * *column;

        weight = weight + product;
        diagonal = diagonal + square;
        column += i + 1u;
    }
    return diagonal > 0.0f ? weight * (weight / diagonal) : 0.0f;
}

size_t safe_quadratic_top(const float *factor, const float *values, size_t count, float *scratch,
                          const uint16_t *names, uint16_t *top, size_t most)
{
    float shares[MOST] = {0.0f};
    size_t found = 0;

    if (most > MOST) {
        most = MOST;
    }
    for (size_t i = 0; i < count; i++) {
        scratch[i] = row_times(&factor[i * (i + 1u) / 2u], values, i + 1u);
    }
    for (size_t j = 0; j < count; j++) {
        float share = contribution(factor, scratch, count, j);
        size_t place = found;

        while (place > 0u && share > shares[place - 1u]) {
            place--;
        }
        if (!(share > 0.0f) || place >= most) {
            continue;
        }
        found = found < most ? found + 1u : most;
        for (size_t k = found - 1u; k > place; k--) {
            shares[k] = shares[k - 1u];
            top[k] = top[k - 1u];
        }
        shares[place] = share;
        top[place] = names[j];
    }
    return found;
}
