/* SPDX-License-Identifier: Apache-2.0 */
/** @file crc32.h The checksum of frames, stored records and forecasts. */
#ifndef SAFE_CRC32_H
#define SAFE_CRC32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** CRC-32/ISO-HDLC, the one of zlib (check value 0xCBF43926).
 * @param crc 0, or the value for the bytes before, to go on. */
uint32_t safe_crc32(uint32_t crc, const void *bytes, size_t length);

#ifdef __cplusplus
}
#endif

#endif
