/* SPDX-License-Identifier: Apache-2.0 */
/* libsodium's Ed25519 and SHA-512 behind safe/update.h, and the three functions of its utils.c that
 * they call: that file is made for operating systems. All data here is public, so nothing has to
 * be erased, and no comparison needs a constant time. The hooks are weak: a product's own take
 * their place, and then nothing of the library is linked. */
#include <string.h>

#include "crypto_hash_sha512.h"
#include "crypto_sign_ed25519.h"
#include "safe/update.h"
#include "utils.h"

void sodium_memzero(void *const bytes, const size_t length)
{
    (void)memset(bytes, 0, length);
}

int sodium_memcmp(const void *const left, const void *const right, size_t length)
{
    return memcmp(left, right, length) == 0 ? 0 : -1;
}

int sodium_is_zero(const unsigned char *bytes, const size_t length)
{
    unsigned char seen = 0;

    for (size_t i = 0; i < length; i++) {
        seen = (unsigned char)(seen | bytes[i]);
    }
    return seen == 0u ? 1 : 0;
}

__attribute__((weak)) bool
safe_port_verify_signature(const uint8_t signature[SAFE_UPDATE_SIGNATURE_BYTES],
                           const uint8_t *message, size_t length,
                           const uint8_t public_key[SAFE_UPDATE_KEY_BYTES])
{
    return crypto_sign_ed25519_verify_detached(signature, message, length, public_key) == 0;
}

__attribute__((weak)) void safe_port_sha512(const uint8_t *bytes, size_t length,
                                            uint8_t digest[SAFE_UPDATE_DIGEST_BYTES])
{
    (void)crypto_hash_sha512(digest, bytes, length);
}
