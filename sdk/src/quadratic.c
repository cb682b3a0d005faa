/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/quadratic.h"

#include "safe/exact_float.h"

/** Most values that safe_quadratic_top can name. */
#define MOST 8u

/** Sum of products in index order. */
static float dot(const float *left, const float *right, size_t count)
{
    const float *end = left + count;
    float sum = 0.0f;

    while (left != end) {
        float product = *left++ * *right++;

        sum = sum + product;
    }
    return sum;
}

static float add_product(float sum, float left, float right)
{
    float product = left * right;

    return sum + product;
}

/** Four rows at once, i to i + 3, which share what they load of the values. */
static void transform_rows(const float *factor, float *values, size_t i)
{
    const float *row0 = &factor[i * (i + 1u) / 2u];
    const float *row1 = row0 + i + 1u;
    const float *row2 = row1 + i + 2u;
    const float *row3 = row2 + i + 3u;
    const float *value = values;
    const float *end = row1;
    float sum0 = 0.0f;
    float sum1 = 0.0f;
    float sum2 = 0.0f;
    float sum3 = 0.0f;

    while (row0 != end) {
        float present = *value++;

        sum0 = add_product(sum0, *row0++, present);
        sum1 = add_product(sum1, *row1++, present);
        sum2 = add_product(sum2, *row2++, present);
        sum3 = add_product(sum3, *row3++, present);
    }
    values[i] = sum0; /* row 0 ends with column i, the others go on */
    sum1 = add_product(sum1, row1[0], value[0]);
    sum2 = add_product(sum2, row2[0], value[0]);
    sum3 = add_product(sum3, row3[0], value[0]);
    sum2 = add_product(sum2, row2[1], value[1]);
    sum3 = add_product(sum3, row3[1], value[1]);
    sum3 = add_product(sum3, row3[2], value[2]);
    values[i + 1u] = sum1;
    values[i + 2u] = sum2;
    values[i + 3u] = sum3;
}

void safe_quadratic_transform(const float *factor, float *values, size_t count)
{
    /* From the last row to the first: row i reads values 0..i only. */
    for (; count >= 4u; count -= 4u) {
        transform_rows(factor, values, count - 4u);
    }
    for (size_t i = count; i-- > 0u;) {
        values[i] = dot(&factor[i * (i + 1u) / 2u], values, i + 1u);
    }
}

/** Takes the part of `values` along `direction` away. */
static void take_away(const float *direction, float *values, size_t count)
{
    float square = dot(direction, direction, count);
    float share;

    if (!(square > 0.0f)) {
        return;
    }
    share = dot(direction, values, count) / square;
    for (size_t i = 0; i < count; i++) {
        float part = direction[i] * share;

        values[i] = values[i] - part;
    }
}

void safe_quadratic_project(const float *factor, float *values, size_t count,
                            const uint16_t *masked, size_t masked_count, float *columns)
{
    for (size_t k = 0; k < masked_count; k++) {
        float *column = &columns[k * count];

        for (size_t i = 0; i < count; i++) {
            column[i] = i >= masked[k] ? factor[i * (i + 1u) / 2u + masked[k]] : 0.0f;
        }
        for (size_t other = 0; other < k; other++) {
            take_away(&columns[other * count], column, count);
        }
        take_away(column, values, count);
    }
}

float safe_quadratic_square(const float *values, size_t count, size_t masked_count)
{
    float total;

    if (masked_count == count) {
        return 0.0f;
    }
    total = dot(values, values, count);
    if (masked_count != 0u) {
        float stretch = (float)count / (float)(count - masked_count);

        total = total * stretch;
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
    return total * (float)count;
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

size_t safe_quadratic_top(const float *factor, const float *transformed, size_t count,
                          const uint16_t *names, uint16_t *top, size_t most)
{
    float shares[MOST] = {0.0f};
    float least = 0.0f; /* What a further share must exceed. */
    size_t values;
    size_t found = 0;

    if (most > MOST) {
        most = MOST;
    }
    values = most == 0u ? 0u : count;
    for (size_t j = 0; j < values; j++) {
        float share = contribution(factor, transformed, count, j);
        size_t place;

        if (!(share > least)) {
            continue;
        }
        found = found < most ? found + 1u : most;
        place = found - 1u;
        while (place > 0u && share > shares[place - 1u]) {
            shares[place] = shares[place - 1u];
            top[place] = top[place - 1u];
            place--;
        }
        shares[place] = share;
        top[place] = names[j];
        if (found == most) {
            least = shares[most - 1u];
        }
    }
    return found;
}
