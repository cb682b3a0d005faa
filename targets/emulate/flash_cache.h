/* SPDX-License-Identifier: Apache-2.0 */
/* The caches in front of a flash, for icount.c: lines of a power of two bytes, of which the one
 * that was not used for longest is replaced; nothing is fetched ahead. */
#ifndef SAFE_FLASH_CACHE_H
#define SAFE_FLASH_CACHE_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINES = 4096 };

/** Lines of a cache by their addresses, the one that was used last first. */
typedef struct cache {
    uint64_t lines[MAX_LINES];
    size_t size;
    uint64_t misses;
} cache_t;

static cache_t s_fetched, s_loaded;
static uint64_t s_flash_start;
static uint64_t s_flash_end; /* 0: no caches */
static uint64_t s_line_bytes = 1;

/** Misses of one line of the flash since the last report. */
typedef struct missed {
    uint64_t fetches;
    uint64_t loads;
} missed_t;

static missed_t *s_missed; /* of each line of the flash */

static bool read_cache(const char *line)
{
    const int found =
        sscanf(line, "cache %" SCNx64 " %" SCNx64 " %" SCNu64 " %zu %zu", &s_flash_start,
               &s_flash_end, &s_line_bytes, &s_fetched.size, &s_loaded.size);
    for (size_t i = 0; i < MAX_LINES; i++) {
        s_fetched.lines[i] = s_loaded.lines[i] = UINT64_MAX;
    }
    s_missed = found != 5 || s_line_bytes == 0 || s_flash_end <= s_flash_start
                   ? NULL
                   : calloc((s_flash_end - s_flash_start) / s_line_bytes + 1u, sizeof(missed_t));
    return s_missed != NULL && s_line_bytes > 0 && (s_line_bytes & (s_line_bytes - 1u)) == 0 &&
           s_fetched.size > 0 && s_fetched.size <= MAX_LINES && s_loaded.size > 0 &&
           s_loaded.size <= MAX_LINES;
}

/* Returns whether the line was missed. */
static bool touch(cache_t *cache, uint64_t address)
{
    const uint64_t line = address & ~(s_line_bytes - 1u);
    size_t i = 0;
    while (i < cache->size && cache->lines[i] != line) {
        i++;
    }
    const bool missed = i == cache->size;
    if (missed) {
        cache->misses++;
        i--;
    }
    memmove(&cache->lines[1], cache->lines, i * sizeof(cache->lines[0]));
    cache->lines[0] = line;
    return missed;
}

static missed_t *missed_at(uint64_t address)
{
    return &s_missed[(address - s_flash_start) / s_line_bytes];
}

/* Writes the lines that were missed since the last report, and forgets them. */
static void report_lines(FILE *out)
{
    const uint64_t count = s_missed == NULL ? 0u : (s_flash_end - s_flash_start) / s_line_bytes;
    for (uint64_t i = 0; i < count; i++) {
        missed_t *at = &s_missed[i];
        if ((at->fetches | at->loads) != 0u) {
            (void)fprintf(out, "! %" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
                          s_flash_start + i * s_line_bytes, at->fetches, at->loads);
            *at = (missed_t){0, 0};
        }
    }
}

#endif
