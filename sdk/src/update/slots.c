/* SPDX-License-Identifier: Apache-2.0 */
/* Two slots, their marks, and what runs at a start. */
#include "slots.h"

#include <string.h>

#include "safe/compiler.h"
#include "safe/crc32.h"

/** "SAFU" as little-endian bytes. */
#define MAGIC UINT32_C(0x55464153)
#define UNIT SAFE_STORE_UNIT_BYTES
#define ERASED 0xFFu

/** What a mark's unit holds. */
typedef enum mark_content {
    MARK_ERASED,
    MARK_VALID,
    MARK_OTHER, /**< Torn, or of another image. */
} mark_content_t;

static void make_mark(safe_update_mark_t mark, uint32_t sequence, uint32_t header_crc,
                      uint8_t unit[UNIT])
{
    safe_update_put_u32(&unit[0], MAGIC + (uint32_t)mark);
    safe_update_put_u32(&unit[4], sequence);
    safe_update_put_u32(&unit[8], header_crc);
    safe_update_put_u32(&unit[12], safe_crc32(0, unit, 12));
}

static uint32_t place_of(const safe_store_flash_t *flash, safe_update_mark_t mark)
{
    return flash->slot_bytes - SAFE_UPDATE_MARKS_BYTES + (uint32_t)mark * UNIT;
}

safe_status_t safe_update_set_mark(const safe_store_flash_t *flash, uint32_t slot,
                                   safe_update_mark_t mark, uint32_t sequence, uint32_t header_crc)
{
    uint8_t unit[UNIT];

    make_mark(mark, sequence, header_crc, unit);
    return flash->program(slot, place_of(flash, mark), unit, UNIT);
}

static mark_content_t read_mark(const safe_store_flash_t *flash, uint32_t slot,
                                safe_update_mark_t mark, uint32_t sequence, uint32_t header_crc)
{
    uint8_t unit[UNIT];
    uint8_t wanted[UNIT];

    if (flash->read(slot, place_of(flash, mark), unit, UNIT) != SAFE_STATUS_OK) {
        return MARK_OTHER;
    }
    make_mark(mark, sequence, header_crc, wanted);
    if (memcmp(unit, wanted, UNIT) == 0) {
        return MARK_VALID;
    }
    for (size_t i = 0; i < UNIT; i++) {
        if (unit[i] != ERASED) {
            return MARK_OTHER;
        }
    }
    return MARK_ERASED;
}

/** Returns the number in the mark of a whole image; 0 when there is none for this header. */
static uint32_t read_sequence(const safe_store_flash_t *flash, uint32_t slot, uint32_t header_crc)
{
    uint8_t unit[UNIT];
    uint32_t sequence;

    if (flash->read(slot, place_of(flash, SAFE_UPDATE_MARK_WHOLE), unit, UNIT) != SAFE_STATUS_OK) {
        return 0;
    }
    sequence = safe_update_get_u32(&unit[4]);
    return read_mark(flash, slot, SAFE_UPDATE_MARK_WHOLE, sequence, header_crc) == MARK_VALID
               ? sequence
               : 0u;
}

safe_status_t safe_update_check_header(const safe_update_config_t *config,
                                       const safe_store_flash_t *flash, uint32_t slot,
                                       const uint8_t header[SAFE_UPDATE_HEADER_BYTES])
{
    uint32_t length = safe_update_get_u32(&header[SAFE_UPDATE_AT_LENGTH]);
    uint32_t room = flash->slot_bytes - SAFE_UPDATE_HEADER_BYTES - SAFE_UPDATE_MARKS_BYTES;
    uint32_t form = SAFE_UPDATE_FORMAT | SAFE_UPDATE_HEADER_BYTES << 16;

    if (safe_update_get_u32(&header[0]) != MAGIC || safe_update_get_u32(&header[4]) != form ||
        safe_update_get_u32(&header[SAFE_UPDATE_AT_ABI]) != config->abi) {
        return SAFE_STATUS_ABI;
    }
    if (safe_update_get_u32(&header[SAFE_UPDATE_AT_SLOT]) != slot || length > room ||
        length < sizeof(safe_update_table_t) || length % UNIT != 0u ||
        safe_update_get_u32(&header[SAFE_UPDATE_AT_ADDRESS]) !=
            (uint32_t)(config->origin + slot * flash->slot_bytes + SAFE_UPDATE_HEADER_BYTES)) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (safe_update_get_u32(&header[SAFE_UPDATE_AT_RAM]) > config->ram_bytes ||
        safe_update_get_u32(&header[SAFE_UPDATE_AT_STACK]) > config->stack_bytes) {
        return SAFE_STATUS_ARENA_TOO_SMALL;
    }
    return SAFE_STATUS_OK;
}

bool safe_update_payload_is_whole(const safe_store_flash_t *flash, uint32_t slot,
                                  const uint8_t header[SAFE_UPDATE_HEADER_BYTES])
{
    uint32_t length = safe_update_get_u32(&header[SAFE_UPDATE_AT_LENGTH]);
    uint32_t crc = 0;

    for (uint32_t done = 0; done < length; done += UNIT) {
        uint8_t unit[UNIT];

        if (flash->read(slot, SAFE_UPDATE_HEADER_BYTES + done, unit, UNIT) != SAFE_STATUS_OK) {
            return false;
        }
        crc = safe_crc32(crc, unit, UNIT);
    }
    return crc == safe_update_get_u32(&header[SAFE_UPDATE_AT_CRC]);
}

SAFE_COLD safe_update_slot_t safe_update_look(const safe_update_t *update, uint32_t slot)
{
    const safe_store_flash_t *flash = update->flash;
    safe_update_slot_t found = {.state = SAFE_UPDATE_EMPTY};
    uint8_t header[SAFE_UPDATE_HEADER_BYTES];
    uint32_t crc;
    uint32_t sequence;

    if (flash->read(slot, 0, header, sizeof header) != SAFE_STATUS_OK ||
        safe_update_check_header(update->config, flash, slot, header) != SAFE_STATUS_OK) {
        return found;
    }
    crc = safe_crc32(0, header, sizeof header);
    sequence = read_sequence(flash, slot, crc);
    if (sequence == 0u || !safe_update_payload_is_whole(flash, slot, header)) {
        return found;
    }
    found.sequence = sequence;
    found.version = safe_update_get_u32(&header[SAFE_UPDATE_AT_VERSION]);
    (void)memcpy(found.model_sha256, &header[SAFE_UPDATE_AT_MODEL], sizeof found.model_sha256);
    /* A torn mark was begun: what it says has happened, except that only a whole one confirms. */
    if (read_mark(flash, slot, SAFE_UPDATE_MARK_REJECTED, sequence, crc) != MARK_ERASED) {
        found.state = SAFE_UPDATE_REJECTED;
    } else if (read_mark(flash, slot, SAFE_UPDATE_MARK_CONFIRMED, sequence, crc) == MARK_VALID) {
        found.state = SAFE_UPDATE_CONFIRMED;
    } else if (read_mark(flash, slot, SAFE_UPDATE_MARK_TRIED, sequence, crc) != MARK_ERASED) {
        found.state = SAFE_UPDATE_TRIED;
    } else {
        found.state = SAFE_UPDATE_NEW;
    }
    return found;
}

/** Sets a mark of a slot that was looked at. */
static safe_status_t mark_slot(const safe_update_t *update, uint32_t slot, safe_update_mark_t mark,
                               uint32_t sequence)
{
    uint8_t header[SAFE_UPDATE_HEADER_BYTES];
    safe_status_t status = update->flash->read(slot, 0, header, sizeof header);

    if (status != SAFE_STATUS_OK) {
        return status;
    }
    return safe_update_set_mark(update->flash, slot, mark, sequence,
                                safe_crc32(0, header, sizeof header));
}

/** Rejects what was tried in vain, and notes that a new image is tried now.
 * @return whether the slot may run. */
static bool may_run(safe_update_t *update, uint32_t slot, const safe_update_slot_t *seen)
{
    switch (seen->state) {
    case SAFE_UPDATE_CONFIRMED:
        return true;
    case SAFE_UPDATE_NEW:
        /* Without the mark it would be tried for ever. */
        update->is_trial =
            mark_slot(update, slot, SAFE_UPDATE_MARK_TRIED, seen->sequence) == SAFE_STATUS_OK &&
            safe_update_look(update, slot).state == SAFE_UPDATE_TRIED;
        return update->is_trial;
    case SAFE_UPDATE_TRIED:
        update->was_rejected = true;
        if (mark_slot(update, slot, SAFE_UPDATE_MARK_REJECTED, seen->sequence) != SAFE_STATUS_OK) {
            return false; /* the next start rejects it again */
        }
        return false;
    default:
        return false;
    }
}

SAFE_COLD void safe_update_start(safe_update_t *update, const safe_update_config_t *config,
                                 const safe_store_flash_t *flash)
{
    safe_update_slot_t seen[SAFE_UPDATE_SLOTS];
    uint32_t later;

    (void)memset(update, 0, sizeof *update);
    update->config = config;
    update->flash = flash;
    update->running = SAFE_UPDATE_BUILT_IN;
    if (flash == NULL) {
        return;
    }
    for (uint32_t slot = 0; slot < SAFE_UPDATE_SLOTS; slot++) {
        seen[slot] = safe_update_look(update, slot);
    }
    later = seen[1].sequence > seen[0].sequence ? 1u : 0u;
    for (uint32_t i = 0; i < SAFE_UPDATE_SLOTS; i++) {
        uint32_t slot = i == 0u ? later : 1u - later;

        if (may_run(update, slot, &seen[slot])) {
            update->running = slot;
            return;
        }
    }
}

uint32_t safe_update_target(const safe_update_t *update)
{
    return update->running == 0u ? 1u : 0u;
}

const uint8_t *safe_update_payload(const safe_update_config_t *config,
                                   const safe_store_flash_t *flash, uint32_t slot)
{
    /* The one place where an address of flash becomes a pointer. */
    return (const uint8_t *)(config->origin + slot * flash->slot_bytes + SAFE_UPDATE_HEADER_BYTES);
}
