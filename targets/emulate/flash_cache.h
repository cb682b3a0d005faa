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

/** Lines of a cache by their addresses, set by set, the one that was used last first. */
typedef struct cache {
    uint64_t lines[MAX_LINES];
    size_t size; /* 0: the other cache holds these lines, too */
    size_t ways; /* lines of a set */
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

static bool is_whole(const cache_t *cache)
{
    return cache->size > 0 && cache->size <= MAX_LINES && cache->ways > 0 &&
           cache->size % cache->ways == 0;
}

static bool read_cache(const char *line)
{
    const int found =
        sscanf(line, "cache %" SCNx64 " %" SCNx64 " %" SCNu64 " %zu %zu %zu", &s_flash_start,
               &s_flash_end, &s_line_bytes, &s_fetched.size, &s_loaded.size, &s_fetched.ways);
    if (found == 6 && s_fetched.ways == 0u) { /* a line may lie anywhere */
        s_fetched.ways = s_fetched.size;
        s_loaded.ways = s_loaded.size;
    } else {
        s_loaded.ways = s_fetched.ways;
    }
    for (size_t i = 0; i < MAX_LINES; i++) {
        s_fetched.lines[i] = s_loaded.lines[i] = UINT64_MAX;
    }
    s_missed = found != 6 || s_line_bytes == 0 || s_flash_end <= s_flash_start
                   ? NULL
                   : calloc((s_flash_end - s_flash_start) / s_line_bytes + 1u, sizeof(missed_t));
    return s_missed != NULL && s_line_bytes > 0 && (s_line_bytes & (s_line_bytes - 1u)) == 0 &&
           is_whole(&s_fetched) && (s_loaded.size == 0u || is_whole(&s_loaded));
}

/* Returns whether the line was missed. */
static bool touch(cache_t *cache, uint64_t address)
{
    const uint64_t line = address & ~(s_line_bytes - 1u);
    cache_t *holder = cache->size == 0u ? &s_fetched : cache;
    const size_t sets = holder->size / holder->ways;
    uint64_t *lines = &holder->lines[(size_t)(line / s_line_bytes % sets) * holder->ways];
    size_t i = 0;
    while (i < holder->ways && lines[i] != line) {
        i++;
    }
    const bool missed = i == holder->ways;
    if (missed) {
        cache->misses++;
        i--;
    }
    memmove(&lines[1], lines, i * sizeof(lines[0]));
    lines[0] = line;
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
