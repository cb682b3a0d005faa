/* SPDX-License-Identifier: Apache-2.0 */
/** @file update.h A model that is replaced over the line: its image, the two slots, the rules.
 *
 * An image is compiled and linked for one slot of one target: a header of SAFE_UPDATE_HEADER_BYTES,
 * then the payload, which begins with a safe_update_table_t and runs where it lies. It has no
 * variables of its own: what a model changes is in the memory of the application that calls it.
 *
 * Header, all words little-endian; each line: first byte, what, its form or bytes:
 *
 * - 0 "SAFU"; 4 format u16, SAFE_UPDATE_FORMAT; 6 header bytes u16; 8 interface u32;
 * - 12 slot u32; 16 address of the payload u32; 20 length of the payload u32; 24 its CRC-32;
 * - 28 RAM of the model u32; 32 stack of its calls u32; 36 version u32, the maker's own;
 * - 40 SHA-256 of the model [32]; 72 its name [32]; 104 name of the target [16];
 * - 120 first bytes of the public key [8]; 128 SHA-512 of the payload [64];
 * - 192 Ed25519 signature of the bytes 0 to 191 [64].
 *
 * Slot: header, payload, nothing, and in its last SAFE_UPDATE_MARKS_BYTES four marks of one unit
 * each, which are programmed once: the image is whole, was started, was confirmed, was rejected.
 * A slot is erased only while the application runs from elsewhere, and the header is programmed
 * after the payload was checked. So whatever the power does, the model that ran before stays: an
 * image that was started and is not confirmed by the next start is rejected, and the one before it
 * runs. The last resort is the model that the application was linked with, which no update touches.
 */
#ifndef SAFE_UPDATE_H
#define SAFE_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/detector.h"
#include "safe/model.h"
#include "safe/status.h"
#include "safe/store.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SAFE_UPDATE_FORMAT 1u
#define SAFE_UPDATE_SLOTS 2u
#define SAFE_UPDATE_HEADER_BYTES 256u
#define SAFE_UPDATE_SIGNED_BYTES 192u
#define SAFE_UPDATE_SIGNATURE_BYTES 64u
#define SAFE_UPDATE_DIGEST_BYTES 64u
#define SAFE_UPDATE_KEY_BYTES 32u
#define SAFE_UPDATE_MARKS_BYTES (4u * SAFE_STORE_UNIT_BYTES)

/** In the place of a slot: the model that the application was linked with. */
#define SAFE_UPDATE_BUILT_IN UINT32_MAX

/** Milliseconds after its first start in which an image must be confirmed. */
#ifndef SAFE_UPDATE_TRIAL_MS
#define SAFE_UPDATE_TRIAL_MS 60000u
#endif

/** What a payload begins with, and the same of the model that the application was linked with. */
typedef struct safe_update_table {
    uint32_t table_bytes;  /**< sizeof(safe_update_table_t) at the link. */
    uint32_t config_bytes; /**< sizeof(safe_detector_config_t) */
    uint32_t ram_bytes;    /**< Memory that the model needs, arena and detector. */
    const safe_model_t *model;
    /** Constants whose `network`, if there is one, stands for safe_detector_network. */
    const safe_detector_config_t *detector;
    uint32_t window_count; /**< Golden windows; 0 without a network. */
    const int8_t *windows; /**< [window_count * inputs[0].size_bytes] */
    const int8_t
        *outputs; /**< [window_count * outputs[0].size_bytes] what the model makes of them. */
    uint32_t sample_count; /**< Golden samples; 0 in the application's own table. */
    const float *samples;  /**< [sample_count * channels] */
    uint32_t records_crc;  /**< safe_update_fold of the detector's results on them, from 0. */
} safe_update_table_t;

/** What an application with updates is built for; generated. */
typedef struct safe_update_config {
    uint32_t abi;     /**< Number of target, compiler flags and interfaces. */
    uintptr_t origin; /**< Address of slot 0; slot 1 follows it. */
    uint8_t *ram;     /**< Memory of the model that runs, aligned to SAFE_ARENA_ALIGNMENT. */
    uint32_t ram_bytes;
    uint32_t stack_bytes;                      /**< Stack that the calls of a model may take. */
    uint8_t public_key[SAFE_UPDATE_KEY_BYTES]; /**< Ed25519 */
} safe_update_config_t;

extern const safe_update_config_t safe_update_config;

/** The model that the application was linked with. */
extern const safe_update_table_t safe_update_built_in;

/** Returns the flash of the slots; null when the target has none. Each slot is as store.h says. */
const safe_store_flash_t *safe_port_update_flash(void);

/** Returns whether `signature` is the Ed25519 signature (RFC 8032) of the message by the key.
 * SAFE links libsodium's; a function of the product's own of this name takes its place, e.g. for
 * PSA Crypto or a secure element. */
bool safe_port_verify_signature(const uint8_t signature[SAFE_UPDATE_SIGNATURE_BYTES],
                                const uint8_t *message, size_t length,
                                const uint8_t public_key[SAFE_UPDATE_KEY_BYTES]);

/** Writes the SHA-512 (FIPS 180-4) of the bytes; as above. */
void safe_port_sha512(const uint8_t *bytes, size_t length,
                      uint8_t digest[SAFE_UPDATE_DIGEST_BYTES]);

/** How far the image in a slot has come. */
typedef enum safe_update_state {
    SAFE_UPDATE_EMPTY = 0, /**< Nothing that could run. */
    SAFE_UPDATE_NEW = 1,   /**< Whole and checked; the next start tries it. */
    SAFE_UPDATE_TRIED = 2, /**< Started, not confirmed. */
    SAFE_UPDATE_CONFIRMED = 3,
    SAFE_UPDATE_REJECTED = 4, /**< Tried in vain. */
} safe_update_state_t;

/** One slot as its flash tells. */
typedef struct safe_update_slot {
    safe_update_state_t state;
    uint32_t sequence; /**< Higher: later; 0 of an empty slot. */
    uint32_t version;
    uint8_t model_sha256[32];
} safe_update_slot_t;

/** The updates of one device. */
typedef struct safe_update {
    const safe_update_config_t *config;
    const safe_store_flash_t *flash;
    uint32_t running;  /**< Slot, or SAFE_UPDATE_BUILT_IN. */
    bool is_trial;     /**< What runs is not confirmed yet. */
    bool was_rejected; /**< This start rejected an image. */
    bool is_loading;   /**< `header` was accepted, its payload comes. */
    uint32_t length;   /**< Bytes of that payload. */
    uint32_t received; /**< Bytes of it that are in flash. */
    uint8_t header[SAFE_UPDATE_HEADER_BYTES];
} safe_update_t;

/** Chooses at start what runs: an image that is new, on trial; else the latest confirmed one; else
 * the model of the application. Notes in flash what was tried and what failed.
 * @param flash of the slots; null: the application's own model runs. */
void safe_update_start(safe_update_t *update, const safe_update_config_t *config,
                       const safe_store_flash_t *flash);

/** Returns the slot that takes the next image: the one that does not run. */
uint32_t safe_update_target(const safe_update_t *update);

/** Reads a slot: header, marks, and the payload's checksum. */
safe_update_slot_t safe_update_look(const safe_update_t *update, uint32_t slot);

/** Returns where a payload lies. */
const uint8_t *safe_update_payload(const safe_update_config_t *config,
                                   const safe_store_flash_t *flash, uint32_t slot);

/** Begins an image, or goes on with the one under way when the header is the same.
 * Nothing is erased before the signature is checked.
 * @return UNSUPPORTED: no slots; NOT_READY: what runs is on trial; ABI: another format, target, or
 * release; SIGNATURE: not signed by the key; ARGUMENT: for another slot, or too long;
 * ARENA_TOO_SMALL: needs more RAM or stack than there is; STORAGE or TIMEOUT: the flash refuses. */
SAFE_MUST_CHECK safe_status_t safe_update_begin(safe_update_t *update,
                                                const uint8_t header[SAFE_UPDATE_HEADER_BYTES]);

/** Programs the next bytes of the payload and reads them back.
 * @param length a multiple of SAFE_STORE_UNIT_BYTES
 * @return NOT_READY: no image is under way; CHUNK_ORDER: not the next bytes, or too many; ARGUMENT;
 * STORAGE or TIMEOUT: the flash refuses; the image must be begun again. */
SAFE_MUST_CHECK safe_status_t safe_update_take(safe_update_t *update, uint32_t start,
                                               const uint8_t *bytes, size_t length);

/** Checks the whole payload and makes the slot the one that the next start tries.
 * @return NOT_READY: bytes are missing; CORRUPT: not the bytes that were signed; STORAGE, TIMEOUT.
 */
SAFE_MUST_CHECK safe_status_t safe_update_end(safe_update_t *update);

/** Keeps the image that is on trial. @return NOT_READY: none is; STORAGE or TIMEOUT. */
SAFE_MUST_CHECK safe_status_t safe_update_confirm(safe_update_t *update);

/** Returns the checksum of results up to here and of one more: CRC-32 over the bits of its score,
 * its state and its masked channels. */
uint32_t safe_update_fold(uint32_t crc, const safe_detector_result_t *result);

/** Runs the golden windows and samples of a table; feeds the watchdog. The detector is reset after
 * it.
 * @param context bound to the table's model; unused without a network.
 * @return CORRUPT: another byte came out; else what the model says. */
SAFE_MUST_CHECK safe_status_t safe_update_self_test(const safe_update_table_t *table,
                                                    const safe_context_t *context,
                                                    safe_detector_t *detector);

#ifdef __cplusplus
}
#endif

#endif
