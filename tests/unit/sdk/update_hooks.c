/* SPDX-License-Identifier: Apache-2.0 */
/* What a target gives to updates, for tests without a device: a signature is the digest of the
 * message under a key byte, and a digest is a plain sum. The real ones: test_signature.py. */
#include <string.h>

#include "safe/crc32.h"
#include "safe/port.h"
#include "safe/update.h"

unsigned fed;

void safe_port_watchdog_feed(void)
{
    fed++;
}

void safe_port_sha512(const uint8_t *bytes, size_t length, uint8_t digest[SAFE_UPDATE_DIGEST_BYTES])
{
    uint32_t crc = safe_crc32(0x5AFEu, bytes, length);

    for (size_t i = 0; i < SAFE_UPDATE_DIGEST_BYTES; i++) {
        digest[i] = (uint8_t)(crc >> (8u * (i % 4u)));
    }
}

bool safe_port_verify_signature(const uint8_t signature[SAFE_UPDATE_SIGNATURE_BYTES],
                                const uint8_t *message, size_t length,
                                const uint8_t public_key[SAFE_UPDATE_KEY_BYTES])
{
    uint8_t wanted[SAFE_UPDATE_DIGEST_BYTES];

    safe_port_sha512(message, length, wanted);
    wanted[0] ^= public_key[0];
    return memcmp(signature, wanted, sizeof wanted) == 0;
}
