/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the updates share; not part of the interface. */
#ifndef SAFE_SRC_UPDATE_SLOTS_H
#define SAFE_SRC_UPDATE_SLOTS_H

#include "safe/update.h"

/* First bytes of the header's fields. */
#define SAFE_UPDATE_AT_ABI 8u
#define SAFE_UPDATE_AT_SLOT 12u
#define SAFE_UPDATE_AT_ADDRESS 16u
#define SAFE_UPDATE_AT_LENGTH 20u
#define SAFE_UPDATE_AT_CRC 24u
#define SAFE_UPDATE_AT_RAM 28u
#define SAFE_UPDATE_AT_STACK 32u
#define SAFE_UPDATE_AT_VERSION 36u
#define SAFE_UPDATE_AT_MODEL 40u
#define SAFE_UPDATE_AT_DIGEST 128u

/** The marks of a slot, in the order in which they are programmed and lie. */
typedef enum safe_update_mark {
    SAFE_UPDATE_MARK_WHOLE = 0,
    SAFE_UPDATE_MARK_TRIED = 1,
    SAFE_UPDATE_MARK_CONFIRMED = 2,
    SAFE_UPDATE_MARK_REJECTED = 3,
} safe_update_mark_t;

static inline uint32_t safe_update_get_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static inline void safe_update_put_u32(uint8_t *bytes, uint32_t word)
{
    for (size_t i = 0; i < 4u; i++) {
        bytes[i] = (uint8_t)(word >> (8u * i));
    }
}

/** Programs a mark of the image whose header has this CRC-32. */
SAFE_MUST_CHECK safe_status_t safe_update_set_mark(const safe_store_flash_t *flash, uint32_t slot,
                                                   safe_update_mark_t mark, uint32_t sequence,
                                                   uint32_t header_crc);

/** Returns whether an image of this header could run in the slot: safe_update_begin has the codes.
 */
SAFE_MUST_CHECK safe_status_t
safe_update_check_header(const safe_update_config_t *config, const safe_store_flash_t *flash,
                         uint32_t slot, const uint8_t header[SAFE_UPDATE_HEADER_BYTES]);

/** Returns whether the payload in a slot has the CRC-32 that its header tells. */
bool safe_update_payload_is_whole(const safe_store_flash_t *flash, uint32_t slot,
                                  const uint8_t header[SAFE_UPDATE_HEADER_BYTES]);

#endif
