/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/saved.h"

#include <stdbool.h>
#include <string.h>

#include "detector_internal.h"
#include "safe/compiler.h"
#include "safe/crc32.h"
#include "safe/exact_float.h"

#define WORD_BYTES 4u
/** Version, identity, factor and credit; and the CRC at the end. */
#define FIXED_WORDS 5u
/** The spreads that safe_tracker_finish can come to lie well inside of these bounds. */
#define LEAST_INV 1e-12f
#define MOST_INV 1e12f
#define MOST_MEAN 1e7f
#define MOST_FACTOR 1e12f

/** A place in the bytes, and the direction in which words pass. */
typedef struct cursor {
    uint8_t *to;         /**< Null while reading. */
    const uint8_t *from; /**< Null while writing. */
    size_t at;
    bool is_check; /**< Values are only looked at. */
    bool is_wrong; /**< One cannot have been learned. */
} cursor_t;

static uint32_t read_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void write_word(uint8_t *bytes, uint32_t word)
{
    for (size_t i = 0; i < WORD_BYTES; i++) {
        bytes[i] = (uint8_t)(word >> (8u * i));
    }
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    (void)memcpy(&bits, &value, sizeof bits);
    return bits;
}

/** Passes one float on: writes it, or reads it where it lies between its bounds (NaN does not). */
static void pass_float(cursor_t *cursor, float *value, float low, float high)
{
    if (cursor->to != NULL) {
        write_word(&cursor->to[cursor->at], bits_of(*value));
    } else {
        uint32_t bits = read_word(&cursor->from[cursor->at]);
        float read;

        (void)memcpy(&read, &bits, sizeof read);
        if (!(read >= low && read <= high)) {
            cursor->is_wrong = true;
        } else if (!cursor->is_check) {
            *value = read;
        }
    }
    cursor->at += WORD_BYTES;
}

static void pass_flag(cursor_t *cursor, bool *flag)
{
    if (cursor->to != NULL) {
        write_word(&cursor->to[cursor->at], *flag ? 1u : 0u);
    } else {
        uint32_t read = read_word(&cursor->from[cursor->at]);

        if (read > 1u) {
            cursor->is_wrong = true;
        } else if (!cursor->is_check) {
            *flag = read == 1u;
        }
    }
    cursor->at += WORD_BYTES;
}

static void pass_count(cursor_t *cursor, uint32_t *count, uint32_t most)
{
    if (cursor->to != NULL) {
        write_word(&cursor->to[cursor->at], *count);
    } else {
        uint32_t read = read_word(&cursor->from[cursor->at]);

        if (read > most) {
            cursor->is_wrong = true;
        } else if (!cursor->is_check) {
            *count = read;
        }
    }
    cursor->at += WORD_BYTES;
}

/** Passes on everything between the two fixed words and the CRC: one order for both directions. */
static void pass_all(cursor_t *cursor, safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;

    pass_float(cursor, &detector->blocks.factor, 0.0f, MOST_FACTOR);
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        safe_tracker_t *tracker = &detector->trackers[i];

        for (size_t k = 0; k < tracker->count; k++) {
            if (tracker->mean != NULL) {
                pass_float(cursor, &tracker->mean[k], -MOST_MEAN, MOST_MEAN);
            }
            pass_float(cursor, &tracker->inv[k], LEAST_INV, MOST_INV);
            pass_float(cursor, &tracker->most_inv[k], LEAST_INV, MOST_INV);
        }
    }
    for (size_t c = 0; c < config->channels; c++) {
        pass_flag(cursor, &detector->sensors.is_unlearned[c]);
    }
    for (size_t k = 0; k < config->drift_count; k++) {
        pass_float(cursor, &detector->slow[k], -MOST_MEAN, MOST_MEAN);
        pass_float(cursor, &detector->slow_start[k], -MOST_MEAN, MOST_MEAN);
    }
    pass_count(cursor, &detector->verdict.credit, config->verdict.change_samples);
}

static uint32_t crc_of_float(uint32_t crc, float value)
{
    uint8_t bytes[WORD_BYTES];

    write_word(bytes, bits_of(value));
    return safe_crc32(crc, bytes, sizeof bytes);
}

static uint32_t crc_of_floats(uint32_t crc, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        crc = crc_of_float(crc, values[i]);
    }
    return crc;
}

/** Returns a CRC-32 of what the learned values belong to. */
static uint32_t identity(const safe_detector_t *detector)
{
    const safe_detector_config_t *config = detector->config;
    const safe_baseline_config_t *baseline = &config->baseline;
    uint32_t crc = 0;

    if (detector->context.model != NULL) {
        crc = safe_crc32(crc, detector->context.model->sha256,
                         sizeof detector->context.model->sha256);
    }
    crc = crc_of_floats(crc, config->mean, config->channels);
    crc = crc_of_floats(crc, config->inv_std, config->channels);
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        const safe_detector_form_t *form = &config->forms[i];
        size_t count = form->count;

        for (size_t k = 0; k < count; k++) {
            crc = crc_of_float(crc, (float)form->channels[k]);
        }
        crc = crc_of_floats(crc, form->factor, count * (count + 1u) / 2u);
    }
    crc = crc_of_float(crc, (float)baseline->learn_samples);
    crc = crc_of_float(crc, baseline->peak);
    crc = crc_of_float(crc, (float)config->verdict.change_samples);
    return crc_of_float(crc, (float)config->rows);
}

static bool learns(const safe_detector_t *detector)
{
    return detector->config->baseline.learn_samples != 0u;
}

static uint32_t learn_rows(const safe_detector_t *detector)
{
    const safe_baseline_config_t *baseline = &detector->config->baseline;

    return baseline->learn_samples - baseline->settle_samples;
}

SAFE_COLD size_t safe_detector_saved_bytes(const safe_detector_t *detector)
{
    size_t words;

    if (detector == NULL || !learns(detector)) {
        return 0;
    }
    words = FIXED_WORDS + detector->config->channels + 2u * (size_t)detector->config->drift_count;
    for (size_t i = 0; i < SAFE_DETECTOR_FORMS; i++) {
        const safe_tracker_t *tracker = &detector->trackers[i];

        words += (tracker->mean != NULL ? 3u : 2u) * (size_t)tracker->count;
    }
    return WORD_BYTES * words;
}

SAFE_COLD safe_status_t safe_detector_save(const safe_detector_t *detector, uint8_t *bytes,
                                           size_t capacity, size_t *length)
{
    size_t size = safe_detector_saved_bytes(detector);
    cursor_t cursor = {.to = bytes, .at = 2u * WORD_BYTES};
    safe_detector_t source;

    if (detector == NULL || bytes == NULL || length == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (size == 0u) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    if (detector->learned < learn_rows(detector)) {
        return SAFE_STATUS_NOT_READY;
    }
    if (capacity < size) {
        return SAFE_STATUS_ARGUMENT;
    }
    write_word(&bytes[0], SAFE_SAVED_VERSION);
    write_word(&bytes[WORD_BYTES], identity(detector));
    source = *detector; /* pass_all serves both directions; while writing it changes nothing */
    pass_all(&cursor, &source);
    write_word(&bytes[cursor.at], safe_crc32(0, bytes, cursor.at));
    *length = cursor.at + WORD_BYTES;
    return SAFE_STATUS_OK;
}

/** Returns why the bytes cannot be restored, OK when they can. */
static safe_status_t check(safe_detector_t *detector, const uint8_t *bytes, size_t length)
{
    cursor_t cursor = {.from = bytes, .at = 2u * WORD_BYTES, .is_check = true};

    if (length < FIXED_WORDS * WORD_BYTES || length % WORD_BYTES != 0u ||
        read_word(&bytes[length - WORD_BYTES]) != safe_crc32(0, bytes, length - WORD_BYTES)) {
        return SAFE_STATUS_CORRUPT;
    }
    if (read_word(bytes) != SAFE_SAVED_VERSION) {
        return SAFE_STATUS_ABI;
    }
    if (read_word(&bytes[WORD_BYTES]) != identity(detector) ||
        length != safe_detector_saved_bytes(detector)) {
        return SAFE_STATUS_ARGUMENT;
    }
    pass_all(&cursor, detector);
    return cursor.is_wrong ? SAFE_STATUS_CORRUPT : SAFE_STATUS_OK;
}

SAFE_COLD safe_status_t safe_detector_restore(safe_detector_t *detector, const uint8_t *bytes,
                                              size_t length)
{
    cursor_t cursor = {.from = bytes, .at = 2u * WORD_BYTES};
    safe_status_t status;

    if (detector == NULL || bytes == NULL) {
        return SAFE_STATUS_ARGUMENT;
    }
    if (!learns(detector)) {
        return SAFE_STATUS_UNSUPPORTED;
    }
    status = check(detector, bytes, length);
    if (status != SAFE_STATUS_OK) {
        return status;
    }
    status = safe_detector_reset(detector);
    if (status != SAFE_STATUS_OK) {
        return status;
    }
    pass_all(&cursor, detector);
    detector->learned = learn_rows(detector);
    detector->progress = detector->config->baseline.settle_samples;
    safe_sensors_refresh(&detector->sensors);
    safe_detector_drop_blocks(detector);
    return SAFE_STATUS_OK;
}
