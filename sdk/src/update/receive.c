/* SPDX-License-Identifier: Apache-2.0 */
/* An image on its way into a slot: signature, payload, check, and the mark that makes it count. */
#include <string.h>

#include "safe/compiler.h"
#include "safe/crc32.h"
#include "safe/port.h"
#include "slots.h"

#define UNIT SAFE_STORE_UNIT_BYTES

SAFE_COLD safe_status_t safe_update_begin(safe_update_t *update,
                                          const uint8_t header[SAFE_UPDATE_HEADER_BYTES])
{
    uint32_t slot = safe_update_target(update);
    safe_status_t status;

    if (update->flash == NULL) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    if (update->is_trial) {
        return SAFE_STATUS_NOT_READY; /* its way back lies in the other slot */
    }
    if (update->is_loading && memcmp(header, update->header, sizeof update->header) == 0) {
        return SAFE_STATUS_OK;
    }
    status = safe_update_check_header(update->config, update->flash, slot, header);
    if (status != SAFE_STATUS_OK) {
        return status;
    }
    if (!safe_port_verify_signature(&header[SAFE_UPDATE_SIGNED_BYTES], header,
                                    SAFE_UPDATE_SIGNED_BYTES, update->config->public_key)) {
        return SAFE_STATUS_SIGNATURE;
    }
    update->is_loading = false;
    safe_port_watchdog_feed(); /* an erase takes its time */
    status = update->flash->erase(slot);
    if (status != SAFE_STATUS_OK) {
        return status;
    }
    (void)memcpy(update->header, header, sizeof update->header);
    update->length = safe_update_get_u32(&header[SAFE_UPDATE_AT_LENGTH]);
    update->received = 0;
    update->is_loading = true;
    return SAFE_STATUS_OK;
}

/** Programs units and reads them back. */
static safe_status_t program(const safe_store_flash_t *flash, uint32_t slot, uint32_t offset,
                             const uint8_t *bytes, size_t length)
{
    safe_status_t status = SAFE_STATUS_OK;

    for (size_t done = 0; status == SAFE_STATUS_OK && done < length; done += UNIT) {
        uint8_t unit[UNIT];

        status = flash->program(slot, offset + (uint32_t)done, &bytes[done], UNIT);
        if (status == SAFE_STATUS_OK) {
            status = flash->read(slot, offset + (uint32_t)done, unit, UNIT);
        }
        if (status == SAFE_STATUS_OK && memcmp(unit, &bytes[done], UNIT) != 0) {
            status = SAFE_STATUS_STORAGE;
        }
    }
    return status;
}

SAFE_COLD safe_status_t safe_update_take(safe_update_t *update, uint32_t start,
                                         const uint8_t *bytes, size_t length)
{
    safe_status_t status;

    if (!update->is_loading) {
        return SAFE_STATUS_NOT_READY;
    }
    if (bytes == NULL || length == 0u || length % UNIT != 0u) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (start != update->received || length > update->length - update->received) {
        return SAFE_STATUS_CHUNK_ORDER;
    }
    status = program(update->flash, safe_update_target(update), SAFE_UPDATE_HEADER_BYTES + start,
                     bytes, length);
    update->is_loading = status == SAFE_STATUS_OK;
    update->received += (uint32_t)length;
    return status;
}

/** Returns a number above those of both slots. */
static uint32_t next_sequence(const safe_update_t *update)
{
    uint32_t highest = 0;

    for (uint32_t slot = 0; slot < SAFE_UPDATE_SLOTS; slot++) {
        uint32_t sequence = safe_update_look(update, slot).sequence;
        highest = sequence > highest ? sequence : highest;
    }
    return highest + 1u;
}

SAFE_COLD safe_status_t safe_update_end(safe_update_t *update)
{
    const safe_store_flash_t *flash = update->flash;
    uint8_t digest[SAFE_UPDATE_DIGEST_BYTES];
    uint32_t slot = safe_update_target(update);
    uint32_t sequence;
    safe_status_t status;

    if (!update->is_loading || update->received != update->length) {
        return SAFE_STATUS_NOT_READY;
    }
    update->is_loading = false;
    safe_port_watchdog_feed();
    if (!safe_update_payload_is_whole(flash, slot, update->header)) {
        return SAFE_STATUS_CORRUPT;
    }
    safe_port_sha512(safe_update_payload(update->config, flash, slot), update->length, digest);
    if (memcmp(digest, &update->header[SAFE_UPDATE_AT_DIGEST], sizeof digest) != 0) {
        return SAFE_STATUS_CORRUPT;
    }
    sequence = next_sequence(update);
    status = program(flash, slot, 0, update->header, sizeof update->header);
    if (status == SAFE_STATUS_OK) {
        status = safe_update_set_mark(flash, slot, SAFE_UPDATE_MARK_WHOLE, sequence,
                                      safe_crc32(0, update->header, sizeof update->header));
    }
    if (status == SAFE_STATUS_OK && safe_update_look(update, slot).state != SAFE_UPDATE_NEW) {
        status = SAFE_STATUS_STORAGE;
    }
    return status;
}

SAFE_COLD safe_status_t safe_update_confirm(safe_update_t *update)
{
    uint8_t header[SAFE_UPDATE_HEADER_BYTES];
    safe_update_slot_t seen;
    safe_status_t status;

    if (!update->is_trial) {
        return SAFE_STATUS_NOT_READY;
    }
    seen = safe_update_look(update, update->running);
    status = update->flash->read(update->running, 0, header, sizeof header);
    if (status == SAFE_STATUS_OK) {
        status = safe_update_set_mark(update->flash, update->running, SAFE_UPDATE_MARK_CONFIRMED,
                                      seen.sequence, safe_crc32(0, header, sizeof header));
    }
    if (status == SAFE_STATUS_OK &&
        safe_update_look(update, update->running).state != SAFE_UPDATE_CONFIRMED) {
        status = SAFE_STATUS_STORAGE;
    }
    update->is_trial = status != SAFE_STATUS_OK;
    return status;
}
