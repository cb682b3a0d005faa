/* SPDX-License-Identifier: Apache-2.0 */
/** @file mve_copy.h Copies by vectors; the last one takes what is left, and nothing beyond it is
 * touched. */
#ifndef SAFE_KERNEL_MVE_COPY_H
#define SAFE_KERNEL_MVE_COPY_H

#include <stdint.h>

#include "safe/kernel/mve.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Copies `length` >= 0 bytes between places that do not overlap. */
static inline void safe_mve_copy(int8_t *to, const int8_t *from, int32_t length)
{
#if SAFE_MVE
    uint8x16_t bytes;
    __asm__ volatile("wlstp.8 lr, %[length], 2f\n"
                     "1:\n\t"
                     "vldrb.8 %q[bytes], [%[from]], #16\n\t"
                     "vstrb.8 %q[bytes], [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to), [from] "+r"(from), [bytes] "=&w"(bytes)
                     : [length] "r"(length)
                     : "lr", "memory", "cc");
#else
    (void)memcpy(to, from, (size_t)length);
#endif
}

/** Sets `length` >= 0 bytes to `value`. */
static inline void safe_mve_fill(int8_t *to, int32_t value, int32_t length)
{
#if SAFE_MVE
    __asm__ volatile("wlstp.8 lr, %[length], 2f\n"
                     "1:\n\t"
                     "vstrb.8 %q[bytes], [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to)
                     : [length] "r"(length), [bytes] "w"(vdupq_n_s8((int8_t)value))
                     : "lr", "memory", "cc");
#else
    (void)memset(to, value, (size_t)length);
#endif
}

#ifdef __cplusplus
}
#endif

#endif
