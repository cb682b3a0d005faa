/* SPDX-License-Identifier: Apache-2.0 */
/* The second stage that the ROM runs, assembled from boot2.S; the last of its 64 words is the
 * checksum of the others (CRC-32 of polynomial 0x04C11DB7, highest bit first, from all ones). */
#include <stdint.h>

extern const uint32_t safe_boot2[64];

const uint32_t safe_boot2[64] __attribute__((section(".boot2"), used)) = {
    0x21004809u, 0x22046081u, 0x4A086142u, 0x60416002u, 0x4A084B07u,        0x2101601Au,
    0x48076081u, 0x60084907u, 0xF381C806u, 0x47108808u, 0x18000000u,        0x001F0300u,
    0x180000F4u, 0x03000218u, 0x10000100u, 0xE000ED08u, [63] = 0x8087786Du,
};
